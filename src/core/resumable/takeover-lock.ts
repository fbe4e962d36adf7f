// Requests to one upload, one at a time: a newer one ends the older.

import { Problem } from "../../errors.ts";

/** A client that comes again has given up its earlier request, whether its connection is known to be dead or not. */
export class TakeoverLock {
  #tail = Promise.resolve();
  #latest: AbortController | undefined;

  /** Whether a request is served now, or waits. */
  get busy(): boolean {
    return this.#latest !== undefined;
  }

  /**
   * Ends what runs, waits until it has ended, and runs `step`.
   * @param step its signal says that a newer request has come; it may end by that, or go on to its own end
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

/** What a request hears that was ended by a newer one. */
export function superseded(): Problem {
  return new Problem("upload_locked", "A newer request to this upload ended this one.", {
    headers: { "retry-after": "1" },
  });
}
