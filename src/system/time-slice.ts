// Yielding to the event loop: long work on the main thread must not starve timers, sockets and other requests.

import { setImmediate } from "node:timers/promises";

/** Resolves after timers and sockets that are ready have been served. An already resolved promise would not let them run. */
export function yieldToEventLoop(): Promise<void> {
  return setImmediate();
}

/** Measures how long work has held the thread: `if (slice.expired) await slice.yield()`. */
export class TimeSlice {
  #began = performance.now();

  /** @param milliseconds of work between two yields */
  constructor(readonly milliseconds: number) {}

  get expired(): boolean {
    return performance.now() - this.#began >= this.milliseconds;
  }

  /** Yields to the event loop, then starts a new slice. */
  async yield(): Promise<void> {
    await yieldToEventLoop();
    this.#began = performance.now();
  }
}

/** Steps of many requests, none of which may take long: each begins in a turn of the event loop of its own, one after the other. */
export class StepQueue {
  #last = Promise.resolve();

  /** Resolves when it is the turn of the caller. */
  next(): Promise<void> {
    this.#last = this.#last.then(yieldToEventLoop);
    return this.#last;
  }
}
