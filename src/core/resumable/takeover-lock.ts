// Serializes the requests to one upload: a newer request aborts the running one.

import { Problem } from "../../errors.ts";

/** A client that reconnects has given up its earlier request, even if that connection is not known to be dead yet. */
export class TakeoverLock {
  #tail = Promise.resolve();
  #latest: AbortController | undefined;

  /** Whether a request holds the lock or waits for it. */
  get busy(): boolean {
    return this.#latest !== undefined;
  }

  /**
   * Aborts the running step, waits until it has ended, and runs `step`.
   * @param step receives a signal that is aborted when a newer request arrives; it may stop early or run to its end
   */
  async acquire<T>(step: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#latest?.abort(superseded());
    const turn = new AbortController();
    this.#latest = turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = this.#tail;
    this.#tail = promise;
    await before;
    try {
      return await step(turn.signal);
    } finally {
      if (this.#latest === turn) this.#latest = undefined;
      resolve();
    }
  }
}

/** The problem of a request that a newer one aborted. */
export function superseded(): Problem {
  return new Problem("upload_locked", "A newer request to this upload ended this one.", {
    headers: { "retry-after": "1" },
  });
}
