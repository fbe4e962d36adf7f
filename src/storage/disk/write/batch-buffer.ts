// The batch an upload is collecting: bytes copied out of the chunks they came in, so that these are free at once.

/** Bytes of a full batch: from 256 KiB on Bun writes on a thread of its pool. */
export const BATCH = 512 * 1024;

// Hundreds of slow uploads must not hold a whole batch each.
const SMALLEST = 64 * 1024;

/** Grows up to one batch, and shrinks again for an upload that became slow. */
export class BatchBuffer {
  #buffer = new Uint8Array(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get full(): boolean {
    return this.#length === BATCH;
  }

  /** Copies as much of the chunk, from `at` on, as fits. @returns bytes copied; 0 only when full */
  add(chunk: Uint8Array, at: number): number {
    const taken = Math.min(chunk.byteLength - at, BATCH - this.#length);
    this.#reserve(this.#length + taken);
    this.#buffer.set(
      at === 0 && taken === chunk.byteLength ? chunk : chunk.subarray(at, at + taken),
      this.#length,
    );
    this.#length += taken;
    return taken;
  }

  /** The bytes staged, a view that holds until the next `add`; the stage is empty then. */
  drain(): Uint8Array<ArrayBuffer> {
    const bytes = this.#buffer.subarray(0, this.#length);
    if (this.#length * 4 < this.#buffer.byteLength) this.#buffer = new Uint8Array(0);
    this.#length = 0;
    return bytes;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#buffer.byteLength) return;
    let capacity = Math.max(SMALLEST, this.#buffer.byteLength);
    while (capacity < bytes) capacity *= 2;
    const larger = new Uint8Array(capacity);
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}
