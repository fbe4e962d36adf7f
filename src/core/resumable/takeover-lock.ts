// Serializes the requests to one upload: a newer request aborts the running one.

import { Problem } from "../../errors.ts";

/** A client that reconnects has abandoned its earlier request, even if the server has not noticed that its connection is dead. */
export class TakeoverLock {
  #tail = Promise.resolve();
  #latest: AbortController | undefined;

  /** Whether a request holds the lock or waits for it. */
  get busy(): boolean {
    return this.#latest !== undefined;
  }

  /**
   * Aborts the running step, waits until it has ended, and runs `step`.
   * @param step receives a signal that is aborted when a newer request arrives; it may end early or complete
   * @param reason the problem of the running step
   */
  async acquire<T>(step: (signal: AbortSignal) => Promise<T>, reason = superseded()): Promise<T> {
    this.#latest?.abort(reason);
    const controller = new AbortController();
    this.#latest = controller;
    const { promise, resolve } = Promise.withResolvers<void>();
    const previous = this.#tail;
    this.#tail = promise;
    await previous;
    try {
      return await step(controller.signal);
    } finally {
      if (this.#latest === controller) this.#latest = undefined;
      resolve();
    }
  }
}

/** The problem of a request that a newer one aborted. */
export function superseded(): Problem {
  return new Problem("upload_locked", "A newer request to this upload aborted this one.", {
    headers: { "retry-after": "1" },
  });
}
