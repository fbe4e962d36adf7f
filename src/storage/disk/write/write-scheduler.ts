// Shared by all writers of one disk: the memory budget, and the timer that flushes slow uploads.

import type { Load } from "../../device.ts";
import type { DiskContext } from "../at/context.ts";

/** Buffered bytes of all uploads; above it every append waits for the disk. */
export const MEMORY_LIMIT = 32 * 1024 * 1024;
/** Milliseconds after which the staged bytes of a slow upload are written, at most one tick later. */
const MAX_STAGED_AGE = 200;
/** Milliseconds that written bytes of a slow upload wait before a sync, at least. */
const MIN_UNSYNCED_AGE = 1000;
/** Milliseconds between two ticks. Short, so that the writes of hundreds of slow uploads are spread out. */
const TICK = 25;

/** The context of an upload: that of every disk operation, and the write scheduler. */
export interface WriteContext extends DiskContext {
  scheduler: WriteScheduler;
}

/** A writer as the scheduler sees it. */
export interface Flushable {
  /** Writes what is staged, if no batch is in flight. */
  writeStaged(): void;
  /** Starts a sync if bytes are unsynced and none is in flight. @returns a promise that never rejects, or nothing */
  syncWritten(): Promise<void> | undefined;
}

/** One per storage. */
export class WriteScheduler implements Load {
  #held = 0;
  readonly #staged = new Map<Flushable, number>();
  readonly #written = new Map<Flushable, number>();
  #syncing = false;
  #syncs = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Bytes of all uploads that are buffered or being written. */
  get held(): number {
    return this.#held;
  }

  /** True when every append should wait for the disk. */
  get overLimit(): boolean {
    return this.#held > MEMORY_LIMIT;
  }

  get waiting(): number {
    return this.#staged.size;
  }

  get syncing(): number {
    return this.#syncs;
  }

  hold(bytes: number): void {
    this.#held += bytes;
  }

  release(bytes: number): void {
    this.#held -= bytes;
  }

  /** The writer has staged its first bytes since the last batch. */
  staged(writer: Flushable): void {
    this.#staged.set(writer, performance.now());
    this.#timer ??= setInterval(() => this.#tick(), TICK);
  }

  /** The writer started to write its staged bytes. */
  launched(writer: Flushable): void {
    this.#staged.delete(writer);
  }

  /** The writer has written bytes that are not synced. */
  written(writer: Flushable): void {
    if (this.#written.has(writer)) return;
    this.#written.set(writer, performance.now());
    this.#timer ??= setInterval(() => this.#tick(), TICK);
  }

  /** The writer started to sync its bytes. */
  synced(writer: Flushable): void {
    this.#written.delete(writer);
  }

  /** Counts a sync in `syncing` while it runs. */
  async sync(datasync: Promise<void>): Promise<void> {
    this.#syncs += 1;
    try {
      await datasync;
    } finally {
      this.#syncs -= 1;
    }
  }

  /** The writer has ended. */
  forget(writer: Flushable): void {
    this.#staged.delete(writer);
    this.#written.delete(writer);
  }

  #tick(): void {
    const now = performance.now();
    // Maps iterate in insertion order, so the first young entry ends the loop.
    for (const [writer, since] of this.#staged) {
      if (now - since < MAX_STAGED_AGE) break;
      writer.writeStaged();
    }
    // One sync at a time over all uploads: hundreds of phones must not cause hundreds of syncs per second.
    for (const [writer, since] of this.#written) {
      if (this.#syncing || now - since < MIN_UNSYNCED_AGE) break;
      const sync = writer.syncWritten();
      if (sync === undefined) continue;
      this.#syncing = true;
      void sync.then(() => {
        this.#syncing = false;
      });
    }
    if (this.#staged.size > 0 || this.#written.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
