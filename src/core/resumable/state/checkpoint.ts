// Persists the state of a resumable upload: its metadata file and how many bytes are known to be durable.

import type { Storage } from "../../../storage/storage.ts";
import type { Timings } from "../../report/flow-report.ts";
import { formatUploadState, type UploadState } from "./record.ts";

/** Bytes between two checkpoints of a fast upload. One per request would slow requests of 8 MiB down by a tenth. */
const BYTES_BETWEEN = 64 * 1024 * 1024;
/** Milliseconds between two checkpoints of a slow upload. */
const TIME_BETWEEN = 1000;

/** The metadata of one upload. Calls may overlap; writes are serialized. */
export class Checkpoint {
  #writing = Promise.resolve();
  /** Whether the record is newer than the metadata on disk. */
  #stale = false;
  /** Whether the last write failed, so that the metadata on disk may state too many durable bytes. */
  #failed = false;
  /** Time of the last checkpoint, in milliseconds of `performance.now()`. */
  #markedAt = performance.now();
  /** Writes not yet completed. */
  #pending = 0;

  constructor(
    readonly storage: Storage,
    readonly record: UploadState,
  ) {}

  /** Whether the record is newer than the metadata on disk. */
  get stale(): boolean {
    return this.#stale;
  }

  /** The number of stored bytes that are known to be correct and durable. */
  reliableLength(length: number): number {
    const { unverified, mark } = this.record;
    const rebooted = mark !== null && mark.boot !== this.storage.bootId;
    return Math.min(length, unverified ?? length, rebooted ? mark.length : length);
  }

  /** Writes the metadata. @throws Problem */
  async save(): Promise<void> {
    this.#stale = true;
    this.#pending += 1;
    const written = this.#writing.then(async () => {
      await this.storage.writeMetadata(this.record.id, formatUploadState(this.record));
      this.#stale = this.#failed = false;
    });
    this.#writing = written.catch(() => {
      this.#stale = this.#failed = true;
    });
    try {
      await written;
    } finally {
      this.#pending -= 1;
    }
  }

  /** Corrects a durable length that is too large or dates from before a reboot; call it before appending. @throws Problem */
  async prepare(length: number): Promise<void> {
    const { mark } = this.record;
    const valid = mark !== null && mark.boot === this.storage.bootId && mark.length <= length;
    if (!valid) this.#mark(length);
    if (!valid || this.#failed) await this.save();
  }

  /** Whether enough bytes were synced since the last checkpoint to write another. */
  due(saved: number): boolean {
    const added = this.#withoutUnverified(saved) - (this.record.mark?.length ?? 0);
    // On a slow disk, further writes would only queue up.
    if (this.#pending > 0) return false;
    return added >= BYTES_BETWEEN || (added > 0 && performance.now() - this.#markedAt >= TIME_BETWEEN);
  }

  /**
   * Writes a checkpoint in the background. Never throws: the previous one stays valid, and before the next append
   * `prepare` corrects one that states too many bytes.
   */
  markLater(saved: number, measured: Timings): void {
    this.#mark(saved);
    this.record.measured = measured;
    this.save().catch(() => {
      // The next append tries again.
    });
  }

  /**
   * Records the durable length at the end of a request.
   * @param length bytes that are synced
   * @param force writes the metadata even when no checkpoint is due
   * @throws Problem
   */
  async mark(length: number, measured: Timings, force: boolean): Promise<void> {
    this.record.measured = measured;
    const due = force || this.due(length);
    if (due) this.#mark(length);
    this.#stale = true;
    if (due) await this.save();
  }

  /** Writes unsaved state. @param length bytes that are synced. @throws Problem */
  async flush(length: number): Promise<void> {
    this.#mark(length);
    await this.save();
  }

  /** Resolves when the writes in progress have ended, whether they failed or not. */
  async written(): Promise<void> {
    await this.#writing;
  }

  #mark(length: number): void {
    const { bootId: boot } = this.storage;
    this.record.mark = { boot, length: this.#withoutUnverified(length) };
    this.#markedAt = performance.now();
  }

  /** Excludes bytes whose checksum is not verified yet: they cannot be relied on, synced or not. */
  #withoutUnverified(length: number): number {
    return Math.min(length, this.record.unverified ?? length);
  }
}
