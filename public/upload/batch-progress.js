// Adds up the progress of one batch of uploads. A batch starts with the first file in an idle queue and ends when it is idle again.
// @ts-check

/** The server syncs data to disk in steps, so the rate is averaged over this many seconds. */
const RATE_WINDOW_S = 5;

export class BatchProgress {
  files = 0;
  saved = 0;
  failed = 0;
  /** Bytes of all files except cancelled ones, of the saved files, and of the failed files. */
  bytes = 0;
  savedBytes = 0;
  failedBytes = 0;
  /** Bytes that the server already had before this batch; they do not count towards the rate. */
  resumedBytes = 0;
  startedAt = performance.now();
  /** 0 while the batch is running. */
  endedAt = 0;

  #hasFiles = false;
  /** @type {{ time: number, bytes: number }[]} */
  #samples = [];

  /** @param {number} size */
  addFile(size) {
    this.#hasFiles = true;
    this.files++;
    this.bytes += size;
  }

  end() {
    if (this.#hasFiles && this.endedAt === 0) this.endedAt = performance.now();
  }

  /** A file failed or was cancelled. @param {number} size @param {"failed" | "cancelled"} state */
  dropFile(size, state) {
    this.#count(size, state, 1);
  }

  /** A file that failed or was cancelled is retried. @param {number} size @param {"failed" | "cancelled"} state */
  retryFile(size, state) {
    this.#count(size, state, -1);
  }

  /** @param {number} size */
  saveFile(size) {
    this.saved++;
    this.savedBytes += size;
  }

  /** @param {number} bytes of a resumed upload that the server already had */
  addResumed(bytes) {
    this.resumedBytes += bytes;
  }

  /** The progress from 0 to 1. @param {number} runningBytes saved bytes of files that are not finished */
  fraction(runningBytes) {
    if (this.bytes > 0) return (this.savedBytes + runningBytes) / this.bytes;
    return this.files === 0 ? 0 : this.saved / this.files;
  }

  /** The current rate in bytes per second. Call it about twice a second. @param {number} runningBytes as for `fraction` */
  rate(runningBytes) {
    const time = performance.now() / 1000;
    const bytes = this.savedBytes + runningBytes - this.resumedBytes;
    this.#samples.push({ time, bytes });
    while (this.#samples.length > 2 && time - (this.#samples[0]?.time ?? 0) > RATE_WINDOW_S)
      this.#samples.shift();
    const first = this.#samples[0];
    if (first === undefined || time - first.time < 0.4) return 0;
    return Math.max(0, (bytes - first.bytes) / (time - first.time));
  }

  /** @param {number} size @param {"failed" | "cancelled"} state @param {1 | -1} sign */
  #count(size, state, sign) {
    if (state === "failed") {
      this.failed += sign;
      this.failedBytes += sign * size;
    } else {
      this.files -= sign;
      this.bytes -= sign * size;
    }
  }
}
