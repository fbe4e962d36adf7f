// Appends one file to another, inside the kernel where possible, and syncs concurrently.

import type { Calls } from "../os/calls.ts";
import { BATCH } from "../write/batch-buffer.ts";

/** Bytes that Bun writes synchronously, without fallocate(). */
const SYNC_WRITE_BYTES = 128 * 1024;

/**
 * Appends all bytes of a source.
 * @param to its position must be at its end; with O_APPEND copy_file_range() fails, so the bytes pass through memory
 * @param goOn called before each slice; throws to stop the copy
 */
export async function appendFile(
  calls: Calls,
  to: { fd: number; appends: boolean; length: number },
  source: number,
  throwIfEnded: () => void,
): Promise<void> {
  const file = Bun.file(to.fd);
  if (!to.appends) return void (await calls.copy(file, Bun.file(source)));
  const buffer = new Uint8Array(BATCH);
  for (let at = to.length; ; ) {
    // See `DiskWriter.#write`: a slice longer than the file must be small enough for a synchronous write.
    const length = await calls.read(source, at < BATCH ? buffer.subarray(0, SYNC_WRITE_BYTES) : buffer);
    if (length === 0) return;
    throwIfEnded();
    await calls.write(file, buffer.subarray(0, length));
    at += length;
  }
}

/** Syncs a file concurrently with writes to it, one sync at a time. */
export class BackgroundSync {
  /** The error of the first failed sync. */
  failed: { error: unknown } | undefined;
  #running: Promise<void> | undefined;

  constructor(
    readonly calls: Calls,
    readonly fd: number,
  ) {}

  /** Starts a sync unless one is running. */
  start(): void {
    this.#running ??= this.calls
      .datasync(this.fd)
      .catch((error: unknown) => {
        this.failed ??= { error };
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** Waits for a running sync; the descriptor may be closed afterwards. Never throws. */
  async end(): Promise<void> {
    await this.#running;
  }
}
