// A kept upload as the engine sees it while a request fills it: what the engine discards waits instead.

import type { FilePath } from "../path.ts";
import type { Finished, KeptUpload, StorageWork, StoredUpload } from "../storage/storage.ts";

/** Made for one request. */
export class Resumed implements StoredUpload {
  #paused: Promise<void> | undefined;

  /** @param naming called with a name before it is given: a crash behind it must not leave the question open */
  constructor(
    readonly kept: KeptUpload,
    readonly naming: (path: FilePath) => Promise<void>,
  ) {}

  get length(): number {
    return this.kept.length;
  }

  get saved(): number {
    return this.kept.saved;
  }

  get work(): StorageWork {
    return this.kept.work;
  }

  append(chunk: Uint8Array<ArrayBuffer>): Promise<void> | undefined {
    return this.kept.append(chunk);
  }

  async finish(path: FilePath, options: { replace: boolean }): Promise<Finished> {
    await this.naming(path);
    return await this.kept.finish(path, options);
  }

  /** Lets go of it; its bytes stay. @throws Problem */
  pause(): Promise<void> {
    this.#paused ??= this.kept.pause();
    return this.#paused;
  }

  async discard(): Promise<void> {
    await this.pause().catch(() => {
      // What could be kept is kept; who asked hears of the error that made it end.
    });
  }
}
