// Writes one upload to its descriptor without ever letting the network thread wait for the disk.

import { Problem } from "../../../errors.ts";
import { FILES, Stopwatch } from "../../../system/stopwatch.ts";
import { uploadEnded } from "../../problems.ts";
import type { StorageWork } from "../../storage.ts";
import type { Calls } from "../os/calls.ts";
import { diskProblem } from "../os/errno.ts";
import { BatchBuffer } from "./batch-buffer.ts";
import { PrefixSink } from "./prefix-sink.ts";
import type { Flushable, WriteScheduler } from "./write-scheduler.ts";

/** The first bytes of a file go through a FileSink: cheap for small files, and what batches need below them. */
export const CHANGEOVER = 1024 * 1024;
/** Bytes between two syncs while an upload runs, at most. */
export const SYNC_WINDOW = 32 * 1024 * 1024;
/** Bytes before the first sync; every window after it is twice as long: short chunks are not left to the last one. */
export const FIRST_WINDOW = 2 * 1024 * 1024;
/**
 * Bytes that may be written while a sync runs, before appends wait for it. Waiting at the next window already would
 * leave a fast disk idle between two syncs (0.8 to 1.3 GB/s against 1.2 to 2.5); one sync then takes all there is.
 */
export const SYNC_LAG_LIMIT = 4 * SYNC_WINDOW;

const writes = new Stopwatch(FILES);
const syncs = new Stopwatch(FILES);

const now = (): number => performance.now() / 1000;

/**
 * `append` collects a batch while one is in flight; a full batch behind one in flight makes the caller wait.
 * After 2 MiB, later every 32 MiB, a sync starts beside the writing, one at a time but for the last. The descriptor
 * belongs to the caller, who closes it after `finish` or `stop` has ended.
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

  /** @param from bytes the file has, all synced; the descriptor appends behind them */
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

  /** Bytes taken, those included that were there before. */
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
      // Cut at the change-over, so that batches begin on a page: writing pages in two parts costs a tenth more.
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

  /** Everything appended is on the disk and synced afterwards. @throws Problem */
  async finish(): Promise<void> {
    await this.#writeOut(() => this.#endPrefix());
    if (this.#syncMark < this.#written || this.#written === 0) void this.#startSync();
    await this.#waitForSync();
    this.scheduler.forget(this);
    this.#compareSize();
  }

  /** Everything appended is written afterwards, and no more than a window of it waits for its sync. @throws Problem */
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
    // Nothing may be started after a failure: `stop` waits only for what it saw running.
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

  /** Drops what is staged and waits until nothing uses the descriptor. Never throws. */
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
    // The pulse may have launched meanwhile.
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
   * A batch is never longer than the file already is (BATCH is less than CHANGEOVER): Bun first calls
   * fallocate(0, size of the batch), which would make a shorter file too long and, on an append descriptor, put the
   * batch behind the hole. Bun copies the bytes before the call returns, so the stage can be filled again at once.
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
    // The last one begins beside the one before it: the system writes all bytes at once, and one commit does for both.
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

  /** A short write that nobody reported must not become a file: only the file system knows what it has. */
  #compareSize(): void {
    try {
      if (this.calls.stat(this.fd).size === BigInt(this.#written)) return;
    } catch (error) {
      throw this.#fail(error);
    }
    throw this.#fail(new Problem("storage_failed", "The disk took fewer bytes than it was given."));
  }

  #fail(error: unknown): Problem {
    this.#failure ??= diskProblem(error);
    return this.#failure;
  }
}
