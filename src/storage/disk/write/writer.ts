// Writes one upload to its descriptor without blocking the network thread on the disk.

import { Problem } from "../../../errors.ts";
import { FILES, Stopwatch } from "../../../system/stopwatch.ts";
import type { StorageWork } from "../../device.ts";
import { uploadEnded } from "../../problems.ts";
import type { Calls } from "../os/calls.ts";
import { diskProblem } from "../os/errno.ts";
import { BatchBuffer } from "./batch-buffer.ts";
import { PrefixSink } from "./prefix-sink.ts";
import type { Flushable, WriteScheduler } from "./write-scheduler.ts";

/** The first bytes of a file go through a FileSink: cheap for small files, and `#write` explains why batches need it. */
export const CHANGEOVER = 1024 * 1024;
/** Maximum bytes between two syncs while an upload runs. */
export const SYNC_WINDOW = 32 * 1024 * 1024;
/** Bytes before the first sync. Each window is twice as long as the one before, so even short uploads sync early. */
export const FIRST_WINDOW = 2 * 1024 * 1024;
/**
 * Bytes that may be written while a sync runs before appends wait for it. Waiting after one window would leave a fast
 * disk idle between syncs (0.8 to 1.3 GB/s instead of 1.2 to 2.5); the next sync then covers everything written.
 */
export const SYNC_LAG_LIMIT = 4 * SYNC_WINDOW;

const writes = new Stopwatch(FILES);
const syncs = new Stopwatch(FILES);
const now = (): number => performance.now() / 1000;

/**
 * `append` fills one batch while another is being written; when both are full, the caller waits. After 2 MiB, later
 * every 32 MiB, a sync runs concurrently with the writes, one at a time except for the last. The caller owns the
 * descriptor and closes it after `finish` or `stop` has resolved.
 */
export class DiskWriter implements Flushable {
  readonly work = { diskWaited: 0, diskBusy: 0, syncWaited: 0, syncBusy: 0 } satisfies StorageWork;
  #length: number;
  #written: number;
  #saved: number;
  #syncMark: number;
  #window = FIRST_WINDOW;
  readonly #prefix: PrefixSink | undefined;
  readonly #buffer = new BatchBuffer();
  #inFlight: Promise<void> | undefined;
  #syncing: Promise<void> | undefined;
  #failure: Problem | undefined;
  #stopped = false;
  readonly #file: Bun.BunFile;

  /** @param from length of the file, all of it synced; the descriptor appends after it */
  constructor(
    readonly fd: number,
    readonly calls: Calls,
    readonly scheduler: WriteScheduler,
    from = 0,
  ) {
    this.#file = Bun.file(fd);
    this.#length = this.#written = this.#saved = this.#syncMark = from;
    if (from < CHANGEOVER) this.#prefix = new PrefixSink(calls.sink(this.#file));
  }

  /** Bytes appended, including those that were in the file before. */
  get length(): number {
    return this.#length;
  }

  /** Bytes that survive a power cut. */
  get saved(): number {
    return this.#saved;
  }

  /** @throws Problem of this or an earlier write */
  append(chunk: Uint8Array<ArrayBuffer>): Promise<void> | undefined {
    if (this.#failure) throw this.#failure;
    if (chunk.byteLength === 0) return undefined;
    if (this.#prefix && !this.#prefix.ended) {
      // Split at the changeover so that batches start on a page boundary: writing pages in two parts costs a tenth more.
      const first = chunk.subarray(0, CHANGEOVER - this.#written);
      const wait = this.#appendFirst(this.#prefix, first);
      return first.byteLength === chunk.byteLength
        ? wait
        : this.#appendAfter(wait, chunk.subarray(first.byteLength));
    }
    for (let at = 0; at < chunk.byteLength; ) {
      if (this.#buffer.length === 0) this.scheduler.staged(this);
      const taken = this.#buffer.add(chunk, at);
      at += taken;
      this.#length += taken;
      this.scheduler.hold(taken);
      const overLimit = this.scheduler.overLimit;
      if (!this.#buffer.full && !overLimit) continue;
      if (this.#inFlight || this.#syncIsLate || overLimit)
        return this.#appendAfter(this.#waitForSpace(overLimit), chunk.subarray(at));
      this.#launch();
    }
    return undefined;
  }

  /** Writes and syncs everything appended. @throws Problem */
  async finish(): Promise<void> {
    await this.#writeOut(() => this.#endPrefix());
    if (this.#syncMark < this.#written || this.#written === 0) void this.#startSync();
    await this.#waitForSync();
    this.scheduler.forget(this);
    this.#compareSize();
  }

  /** Writes everything appended, and syncs until at most one window is unsynced. @throws Problem */
  async flush(): Promise<void> {
    await this.#writeOut(() => this.#prefix?.flush());
    this.#compareSize();
    while (this.#written - this.#saved > SYNC_WINDOW) {
      if (!this.#syncing) void this.#startSync();
      await this.#waitForSync();
    }
  }

  async #writeOut(emptyHead: () => unknown): Promise<void> {
    const write = writes.start();
    try {
      await emptyHead();
    } catch (error) {
      this.#fail(error);
    }
    await this.#inFlight;
    if (this.#buffer.length > 0 && !this.#failure) this.#launch();
    await this.#inFlight;
    this.work.diskWaited += write();
    // Start nothing after a failure: `stop` only waits for operations that were already running.
    if (this.#failure) throw this.#failure;
  }

  async #waitForWrite(): Promise<void> {
    const write = writes.start();
    await this.#inFlight;
    this.work.diskWaited += write();
  }

  async #waitForSync(): Promise<void> {
    const sync = syncs.start();
    await this.#syncing;
    this.work.syncWaited += sync();
    if (this.#failure) throw this.#failure;
  }

  /** Drops staged bytes and waits until nothing uses the descriptor. Never throws. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.scheduler.forget(this);
    this.scheduler.release(this.#buffer.drain().byteLength);
    this.#failure ??= uploadEnded();
    await this.#endPrefix();
    await this.#inFlight;
    await this.#syncing;
  }

  writeStaged(): void {
    if (this.#inFlight || this.#buffer.length === 0 || this.#syncIsLate || this.#failure) return;
    this.#launch();
  }

  syncWritten(): Promise<void> | undefined {
    if (this.#syncing || this.#failure) return undefined;
    return this.#startSync();
  }

  get #syncIsLate(): boolean {
    return this.#syncing !== undefined && this.#written - this.#syncMark >= SYNC_LAG_LIMIT;
  }

  #appendFirst(prefix: PrefixSink, chunk: Uint8Array): Promise<void> | undefined {
    const start = now();
    let result: unknown;
    try {
      result = prefix.write(chunk);
    } catch (error) {
      throw this.#fail(error);
    }
    this.#length += chunk.byteLength;
    this.#written += chunk.byteLength;
    this.scheduler.written(this);
    const seconds = now() - start;
    this.work.diskWaited += seconds;
    this.work.diskBusy += seconds;
    return this.#written >= CHANGEOVER || result instanceof Promise ? this.#waitForPrefix(result) : undefined;
  }

  /** A FileSink reports a failed write in the promise of `write`, or throws from `flush`. */
  async #waitForPrefix(result: unknown): Promise<void> {
    const write = writes.start();
    try {
      await result;
      this.work.diskBusy += write();
      if (this.#written >= CHANGEOVER) await this.#endPrefix();
    } catch (error) {
      throw this.#fail(error);
    } finally {
      this.work.diskWaited += write();
    }
    if (this.#failure) throw this.#failure;
    if (this.#prefix?.ended) this.scheduler.written(this);
  }

  async #endPrefix(): Promise<void> {
    const start = now();
    const failure = await this.#prefix?.end();
    if (failure !== undefined) this.#fail(failure);
    this.work.diskBusy += now() - start;
  }

  async #appendAfter(wait: Promise<void> | undefined, remaining: Uint8Array<ArrayBuffer>): Promise<void> {
    await wait;
    await this.append(remaining);
  }

  async #waitForSpace(overLimit: boolean): Promise<void> {
    await this.#waitForWrite();
    if (this.#syncIsLate) await this.#waitForSync();
    if (this.#failure) throw this.#failure;
    // A tick may have started the write in between.
    if (this.#buffer.length > 0 && !this.#inFlight) this.#launch();
    if (!overLimit) return;
    await this.#waitForWrite();
    if (this.#failure) throw this.#failure;
  }

  #launch(): void {
    const batch = this.#buffer.drain();
    this.scheduler.launched(this);
    this.#inFlight = this.#write(batch).finally(() => {
      this.#inFlight = undefined;
      this.scheduler.release(batch.byteLength);
    });
  }

  /**
   * A batch must not be longer than the file (BATCH is below CHANGEOVER): Bun first calls fallocate(0, size of the
   * batch), which would extend a shorter file and, on an O_APPEND descriptor, put the batch after the hole. Bun copies
   * the bytes before the call returns, so the buffer can be refilled at once.
   */
  async #write(batch: Uint8Array<ArrayBuffer>): Promise<void> {
    const busy = writes.start();
    try {
      await this.calls.write(this.#file, batch);
      this.#written += batch.byteLength;
      this.work.diskBusy += busy();
      if (this.#stopped) return;
      this.scheduler.written(this);
      if (!this.#syncing && this.#written - this.#syncMark >= this.#window) void this.#startSync();
    } catch (error) {
      this.#fail(error);
    }
  }

  #startSync(): Promise<void> {
    const busy = syncs.start();
    // The last sync does not wait for the previous one: the kernel writes all bytes together, in one journal commit.
    const before = this.#syncing;
    const mark = this.#written;
    this.#syncMark = mark;
    this.#window = Math.min(SYNC_WINDOW, 2 * this.#window);
    this.scheduler.synced(this);
    const sync = this.#flushAndSync()
      .then(
        () => {
          this.#saved = Math.max(this.#saved, mark);
          this.work.syncBusy += busy();
        },
        (error: unknown) => {
          this.#fail(error);
        },
      )
      .then(() => before)
      .finally(() => {
        if (this.#syncing === sync) this.#syncing = undefined;
      });
    this.#syncing = sync;
    return sync;
  }

  async #flushAndSync(): Promise<void> {
    await this.#prefix?.flush();
    if (this.#failure) throw this.#failure;
    await this.scheduler.sync(this.calls.datasync(this.fd));
  }

  /** Detects an unreported short write, which must not be published, by comparing with fstat(). */
  #compareSize(): void {
    try {
      if (this.calls.stat(this.fd).size === BigInt(this.#written)) return;
    } catch (error) {
      throw this.#fail(error);
    }
    throw this.#fail(new Problem("storage_failed", "The file is shorter than the bytes written to it."));
  }

  #fail(error: unknown): Problem {
    this.#failure ??= diskProblem(error);
    return this.#failure;
  }
}
