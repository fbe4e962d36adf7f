// Slows one request body down to its caps, and measures for how long each of them made it wait.

import { type Cap, type CapClock, SYSTEM_CLOCK } from "../admission/cap.ts";
import type { CapWait } from "../report/flow-report.ts";

/** Seconds. A shorter wait is left to the next chunk, because timers are no more precise. */
const SHORTEST_WAIT = 0.001;

/** A wait that is running. */
interface Wait {
  cap: Cap;
  began: number;
  due: number;
  end: () => void;
}

export class Throttle {
  /** The latest time that a cap demands, and that cap. */
  #due = Number.NEGATIVE_INFINITY;
  #latest: Cap | undefined;
  readonly #waited = new Map<Cap, number>();
  #wait: Wait | undefined;

  /** @param signal aborted when the connection is closed: then only bytes that have arrived before are left to be read */
  constructor(
    readonly caps: readonly Cap[],
    readonly signal?: AbortSignal,
    readonly clock: CapClock = SYSTEM_CLOCK,
  ) {}

  /** Seconds waited so far, the current wait included, and the cap that took most of them; undefined when there were none. */
  get waited(): CapWait | undefined {
    const waits = [...this.#waited].map(([cap, seconds]) => ({ cap, seconds: seconds + this.#running(cap) }));
    const seconds = waits.reduce((sum, wait) => sum + wait.seconds, 0);
    if (seconds === 0) return undefined;
    const longest = waits.reduce((one, other) => (other.seconds > one.seconds ? other : one));
    return { seconds, name: longest.cap.name };
  }

  /** Counts bytes that have arrived. */
  count(bytes: number): void {
    for (const cap of this.caps) {
      const due = cap.count(bytes);
      if (due <= this.#due) continue;
      this.#due = due;
      this.#latest = cap;
    }
  }

  /** Waits until all caps allow to read on. @returns undefined when they do already */
  wait(): Promise<void> | undefined {
    const cap = this.#latest;
    const began = this.clock.now();
    if (!cap || this.signal?.aborted || this.#due - began < SHORTEST_WAIT) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    const due = this.#due;
    if (!this.#waited.has(cap)) this.#waited.set(cap, 0);
    const cancelTimer = this.clock.after(due - began, () => this.wake());
    const wake = (): void => this.wake();
    this.signal?.addEventListener("abort", wake, { once: true });
    const end = (): void => {
      cancelTimer();
      this.signal?.removeEventListener("abort", wake);
      resolve();
    };
    this.#wait = { cap, began, due, end };
    return promise;
  }

  /** Ends the current wait. */
  wake(): void {
    const wait = this.#wait;
    if (!wait) return;
    this.#waited.set(wait.cap, (this.#waited.get(wait.cap) ?? 0) + this.#running(wait.cap));
    this.#wait = undefined;
    wait.end();
  }

  /** Seconds of the current wait for this cap. The delay of a late timer is not the cap's. */
  #running(cap: Cap): number {
    const wait = this.#wait;
    if (wait?.cap !== cap) return 0;
    return Math.max(0, Math.min(this.clock.now(), wait.due) - wait.began);
  }
}
