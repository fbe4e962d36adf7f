// Copies the bytes of one file behind those of another, by the system alone where it can, and syncs them meanwhile.

import type { Calls } from "../os/calls.ts";
import { BATCH } from "../write/batch-buffer.ts";

/** Bytes that Bun writes on the calling thread. */
const SYNC_WRITE_BYTES = 128 * 1024;

/**
 * Copies all bytes of a source.
 * @param to appends, or is at its end; the system does not copy to an append descriptor
 * @param length bytes it has
 * @param goOn asked before each piece, where there are several; throws to end the copy
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
    // As with any batch: longer than the file it must be small enough for Bun to write it at once.
    const length = await calls.read(source, at < BATCH ? buffer.subarray(0, SYNC_WRITE_BYTES) : buffer);
    if (length === 0) return;
    throwIfEnded();
    await calls.write(file, buffer.subarray(0, length));
    at += length;
  }
}

/** Syncs a file beside what goes on with it, one sync at a time. */
export class BackgroundSync {
  /** What the first sync that failed said. */
  failed: { error: unknown } | undefined;
  #running: Promise<void> | undefined;

  constructor(
    readonly calls: Calls,
    readonly fd: number,
  ) {}

  /** Nothing when one is running. */
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

  /** Waits for the one that is running. Never throws. The descriptor may be closed afterwards. */
  async end(): Promise<void> {
    await this.#running;
  }
}
