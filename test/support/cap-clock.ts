// A clock for caps that a test moves forward: timers fire in their order, and nothing waits.

import type { CapClock } from "../../src/core/admission/fair-queue.ts";

export interface SimulatedClock extends CapClock {
  /** Runs `step`, moving the time to the next timer whenever everything else waits. */
  run<T>(step: () => Promise<T>): Promise<T>;
}

export function simulatedClock(): SimulatedClock {
  let time = 1000;
  const timers = new Set<{ at: number; callback: () => void }>();
  return {
    now: () => time,
    after(seconds, callback) {
      const timer = { at: time + seconds, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async run(step) {
      let ended = false;
      const result = step().finally(() => {
        ended = true;
      });
      // A failure is thrown below, when the loop has ended.
      result.catch(() => {});
      while (!ended) {
        // Everything that is ready runs before the time moves.
        await new Promise((resolve) => setImmediate(resolve));
        const [next] = [...timers].toSorted((one, other) => one.at - other.at);
        if (ended || !next) continue;
        time = Math.max(time, next.at);
        timers.delete(next);
        next.callback();
      }
      return await result;
    },
  };
}
