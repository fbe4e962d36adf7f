// Adapts a partial upload to `Upload` for one request: an error suspends it instead of deleting its bytes.

import type { FilePath } from "../../path.ts";
import { addWork, type StorageWork } from "../../storage/device.ts";
import type { FinishOptions, PartialUpload, Published, StoredUpload } from "../../storage/storage.ts";
import { FILES, Stopwatch } from "../../system/stopwatch.ts";
import type { Checkpoint } from "./state/checkpoint.ts";

const metadataWaits = new Stopwatch(FILES);

/** Created for one request. */
export class SessionWriter implements StoredUpload {
  #suspended: Promise<void> | undefined;
  /** Work of the storage for earlier requests. */
  readonly #earlierWork: StorageWork;
  /** Seconds spent waiting for the metadata to be written. */
  #metadataWaited = 0;

  constructor(
    readonly partial: PartialUpload,
    readonly checkpoint: Checkpoint,
  ) {
    this.#earlierWork = { ...partial.work };
  }

  get length(): number {
    return this.partial.length;
  }

  get saved(): number {
    return this.partial.saved;
  }

  get work(): StorageWork {
    const { syncWaited, ...others } = addWork(this.partial.work, this.#earlierWork, -1);
    return { ...others, syncWaited: syncWaited + this.#metadataWaited };
  }

  append(chunk: Uint8Array<ArrayBuffer>): Promise<void> | undefined {
    return this.partial.append(chunk);
  }

  async finish(path: FilePath, options: FinishOptions): Promise<Published> {
    const { record } = this.checkpoint;
    // Written before the file is published, so that after a crash the storage can be asked whether it was.
    record.publishing = path;
    record.size = this.partial.length;
    await this.waitForMetadata(this.checkpoint.save());
    return await this.partial.finish(path, options);
  }

  /** Waits until the metadata is written and synced; the wait counts as sync time. @throws Problem */
  async waitForMetadata(written: Promise<void>): Promise<void> {
    const elapsed = metadataWaits.start();
    await written;
    this.#metadataWaited += elapsed();
  }

  /** Syncs the bytes and closes the file, keeping it for later requests. @throws Problem */
  suspend(): Promise<void> {
    this.#suspended ??= this.partial.suspend();
    return this.#suspended;
  }

  /** Closes the file and keeps it for later requests; its last bytes are synced shortly after. @throws Problem */
  suspendLazily(): Promise<void> {
    this.#suspended ??= this.partial.suspendLazily();
    return this.#suspended;
  }

  async discard(): Promise<void> {
    await this.partial.discard();
  }
}
