// What all writers of one disk share: the bound on bytes in memory, and the pulse that keeps slow uploads moving.

import type { Load } from "../../device.ts";
import type { DiskContext } from "../at/context.ts";

/** Bytes waiting for the disk over all uploads, before each further append waits. */
export const MEMORY_LIMIT = 32 * 1024 * 1024;
/** Milliseconds: bytes of a slow upload wait at most about this long before they are written. */
const MAX_STAGED_AGE = 200;
/** Milliseconds: written bytes of a slow upload wait at least this long before they are synced. */
const MIN_UNSYNCED_AGE = 1000;
/** Milliseconds between two looks. Short, so that hundreds of slow uploads are spread over many looks. */
const TICK = 25;

/** What uploads need of a disk, in addition to what every operation needs. */
export interface WriteContext extends DiskContext {
  scheduler: WriteScheduler;
}

/** A writer as its pulse sees it. */
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

  /** Bytes of all uploads that wait for the disk or are on their way to it. */
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

  /** Bytes were staged by a writer that had none. */
  staged(writer: Flushable): void {
    this.#staged.set(writer, performance.now());
    this.#timer ??= setInterval(() => this.#tick(), TICK);
  }

  /** The writer's staged bytes are on their way. */
  launched(writer: Flushable): void {
    this.#staged.delete(writer);
  }

  /** Bytes were written and are not synced. */
  written(writer: Flushable): void {
    if (this.#written.has(writer)) return;
    this.#written.set(writer, performance.now());
    this.#timer ??= setInterval(() => this.#tick(), TICK);
  }

  /** A sync of the writer's bytes started. */
  synced(writer: Flushable): void {
    this.#written.delete(writer);
  }

  /** Counts a sync as long as it takes. */
  async sync(datasync: Promise<void>): Promise<void> {
    this.#syncs += 1;
    try {
      await datasync;
    } finally {
      this.#syncs -= 1;
    }
  }

  /** The writer ended. */
  forget(writer: Flushable): void {
    this.#staged.delete(writer);
    this.#written.delete(writer);
  }

  #tick(): void {
    const now = performance.now();
    // Maps keep the order of insertion: the first that is young ends the look.
    for (const [writer, since] of this.#staged) {
      if (now - since < MAX_STAGED_AGE) break;
      writer.writeStaged();
    }
    // One at a time over all uploads: hundreds of phones must not turn into hundreds of syncs a second.
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
