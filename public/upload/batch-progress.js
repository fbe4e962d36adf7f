// The sum over one batch of uploads, from the first file of an idle queue until it is idle again: files, bytes, rate.
// @ts-check

/** Seconds the rate looks back: the server syncs in windows, so saved bytes arrive in steps. */
const LOOK_BACK = 5;

export class Tally {
  files = 0;
  saved = 0;
  failed = 0;
  /** Bytes of all files but the cancelled ones; of the saved ones; of the failed ones. */
  bytes = 0;
  savedBytes = 0;
  failedBytes = 0;
  /** Bytes that were with the server before this batch began: nobody waited for them now. */
  beforeBytes = 0;
  started = performance.now();
  /** 0 until it is over, then as `performance.now()`. */
  ended = 0;

  #begun = false;
  /** @type {{ time: number, bytes: number }[]} */
  #samples = [];

  /** @param {number} size of a file that is going to be sent */
  enter(size) {
    this.#begun = true;
    this.files++;
    this.bytes += size;
  }

  end() {
    if (this.#begun && this.ended === 0) this.ended = performance.now();
  }

  /** @param {number} size @param {"failed" | "cancelled"} state */
  leave(size, state) {
    this.#count(size, state, 1);
  }

  /** A file that had left is tried again. @param {number} size @param {"failed" | "cancelled"} state */
  reenter(size, state) {
    this.#count(size, state, -1);
  }

  /** @param {number} size */
  save(size) {
    this.saved++;
    this.savedBytes += size;
  }

  /** @param {number} bytes of a file that goes on from before */
  skip(bytes) {
    this.beforeBytes += bytes;
  }

  /** How full, 0 to 1. @param {number} running saved bytes of the files that are not finished */
  share(running) {
    if (this.bytes > 0) return (this.savedBytes + running) / this.bytes;
    return this.files === 0 ? 0 : this.saved / this.files;
  }

  /** Bytes per second saved lately. Call about twice a second. @param {number} running as for `share` */
  rate(running) {
    const time = performance.now() / 1000;
    const bytes = this.savedBytes + running - this.beforeBytes;
    this.#samples.push({ time, bytes });
    while (this.#samples.length > 2 && time - (this.#samples[0]?.time ?? 0) > LOOK_BACK)
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
