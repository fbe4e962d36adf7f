// Collects the next batch of an upload. Bytes are copied out of the incoming chunks, which can be reused at once.

/** Bytes of a full batch. Bun writes 256 KiB and more on its thread pool. */
export const BATCH = 512 * 1024;

// Hundreds of slow uploads must not hold a whole batch each.
const SMALLEST = 64 * 1024;

/** Grows up to one batch and shrinks again when the upload becomes slow. */
export class BatchBuffer {
  #buffer = new Uint8Array(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get full(): boolean {
    return this.#length === BATCH;
  }

  /** Copies as much of the chunk, starting at `at`, as fits. @returns bytes copied; 0 only when full */
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

  /** Empties the buffer. @returns its bytes, a view that is valid until the next `add` */
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
