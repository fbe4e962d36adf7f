// The size of the next chunk: large enough that the pause between two hardly matters, small enough that progress is seen.
// @ts-check

const SMALLEST = 1_000_000;
const LARGEST = 64_000_000;
/** A chunk that takes less time is followed by a larger one, and one that takes more by a smaller one. */
const SHORT_MS = 1000;
const LONG_MS = 4000;

export class ChunkSize {
  bytes = SMALLEST;

  /** @param {number} milliseconds that the last chunk took */
  adapt(milliseconds) {
    if (milliseconds < SHORT_MS) this.bytes = Math.min(LARGEST, this.bytes * 2);
    else if (milliseconds > LONG_MS) this.bytes = Math.max(SMALLEST, this.bytes / 2);
  }
}
