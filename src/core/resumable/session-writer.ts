// A partial upload as `Upload` sees it during one request: an error suspends it instead of removing its bytes.

import type { FilePath } from "../../path.ts";
import type { PartialUpload, Published, StorageWork, StoredUpload } from "../../storage/storage.ts";
import { addWork } from "../../storage/work.ts";
import { FILES, Stopwatch } from "../../system/stopwatch.ts";
import type { Checkpoint } from "./checkpoint.ts";

const metadataWaits = new Stopwatch(FILES);

/** Created for one request. */
export class SessionWriter implements StoredUpload {
  #suspended: Promise<void> | undefined;
  /** The storage's work for earlier requests. */
  readonly #before: StorageWork;
  /** Seconds spent waiting for the metadata to be written. */
  #metadataWaited = 0;

  constructor(
    readonly partial: PartialUpload,
    readonly checkpoint: Checkpoint,
  ) {
    this.#before = { ...partial.work };
  }

  get length(): number {
    return this.partial.length;
  }

  get saved(): number {
    return this.partial.saved;
  }

  get work(): StorageWork {
    const { syncWaited, ...others } = addWork(this.partial.work, this.#before, -1);
    return { ...others, syncWaited: syncWaited + this.#metadataWaited };
  }

  append(chunk: Uint8Array<ArrayBuffer>): Promise<void> | undefined {
    return this.partial.append(chunk);
  }

  async finish(path: FilePath, options: { replace: boolean }): Promise<Published> {
    const { record } = this.checkpoint;
    // Written before the name is given, so that after a crash the storage can tell whether it was.
    record.publishing = path;
    record.size = this.partial.length;
    await this.waitForMetadata(this.checkpoint.save());
    return await this.partial.finish(path, options);
  }

  /** Waits until metadata is written and synced; counts as sync time. @throws Problem */
  async waitForMetadata(written: Promise<void>): Promise<void> {
    const elapsed = metadataWaits.start();
    await written;
    this.#metadataWaited += elapsed();
  }

  /** Syncs and keeps the bytes, and closes them. @throws Problem */
  suspend(): Promise<void> {
    this.#suspended ??= this.partial.suspend();
    return this.#suspended;
  }

  /** Keeps the bytes, which are synced a moment later, and closes them. @throws Problem */
  suspendLazily(): Promise<void> {
    this.#suspended ??= this.partial.suspendLazily();
    return this.#suspended;
  }

  async discard(): Promise<void> {
    await this.partial.discard();
  }
}
