// Measures waits for clients and disks. Time that this process itself adds to a wait is deducted.

import { onCpuOrRunnable, type RunnableWait, runnableWait } from "./schedstat.ts";

/** The clocks a `Stopwatch` reads. All values in seconds. */
export interface Clock {
  /** A monotonic clock. */
  now(): number;
  /** Grows while this thread runs, or is runnable but another program has the processor. */
  occupied(): number;
  /** The recent delay of this thread's event loop, sampled every BEAT. */
  late(): number;
  /** For each thread that does the awaited work, the time it was runnable while another program had the processor. */
  starved(): RunnableWait;
}

/**
 * Seconds. Sampling the clocks at both ends of every wait costs a tenth of a fast upload's processor time. So a wait that
 * begins within this time of the last sample, and is itself shorter, is not sampled: its deduction is estimated from the
 * last wait that was sampled at both ends.
 */
const CLOSE = 0.005;

/** Measures waits of one kind, without the delay that this process added. */
export class Stopwatch {
  readonly #clock: Clock;
  /** The time and the values of the last sample. */
  #sampledAt = Number.NEGATIVE_INFINITY;
  #occupied = 0;
  #late = 0;
  #starved: RunnableWait = new Map();
  /** The deduction from the last wait that was sampled at both ends, in seconds and as a share of it. */
  #added = 0;
  #part = 0;

  constructor(clock: Clock = CLIENT) {
    this.#clock = clock;
  }

  /**
   * Starts measuring a wait; several may overlap. The returned function gives the elapsed time, minus delay caused by this
   * process. That deduction is capped at the measured event-loop delay: an idle loop would have noticed the end.
   */
  start(): () => number {
    const began = this.#clock.now();
    const sampled = began - this.#sampledAt >= CLOSE;
    if (sampled) this.#sample(began);
    // Assume that this thread was busy since the last sample; the error is below CLOSE.
    const occupied = this.#occupied + began - this.#sampledAt;
    const starved = this.#starved;
    return () => {
      const now = this.#clock.now();
      const lasted = now - began;
      if (!sampled && lasted < CLOSE) return lasted - Math.min(this.#added, lasted * this.#part);
      this.#sample(now);
      const ours = Math.max(0, Math.min(this.#occupied - occupied, this.#late));
      const added = Math.min(lasted, ours + longestRunnableWait(starved, this.#starved));
      if (sampled && lasted > 0) {
        this.#added = added;
        this.#part = added / lasted;
      }
      return lasted - added;
    };
  }

  #sample(now: number): void {
    this.#sampledAt = now;
    this.#occupied = this.#clock.occupied();
    this.#starved = this.#clock.starved();
    this.#late = this.#clock.late();
  }
}

/** The runnable wait of the thread that waited most since `before`: one operation is done by one thread. */
function longestRunnableWait(before: RunnableWait, after: RunnableWait): number {
  let longest = 0;
  for (const [thread, seconds] of before) longest = Math.max(longest, (after.get(thread) ?? 0) - seconds);
  return longest;
}

/** Milliseconds between two measurements of how late timers fire. */
const BEAT = 20;
/** The interval after QUIET seconds without a measured wait. */
const SLOW = 250;
const QUIET = 1;
/** Seconds without a measured wait after which sampling stops: longer than a client may be silent. */
const REST = 256;
/** The factor by which a recorded delay shrinks with every timer that was on time. */
const FADE = 0.4;

/** Samples the delay of the event loop while waits are measured. */
class Pulse {
  /** Unknown until the first timer has fired. */
  #late = Number.POSITIVE_INFINITY;
  #sampledAt = 0;
  /** When the next timer is due. */
  #due: number | undefined;

  get late(): number {
    this.#sampledAt = now();
    if (this.#due === undefined) this.#beat();
    return Math.max(this.#late, this.#overdue);
  }

  get #overdue(): number {
    return this.#due === undefined ? 0 : Math.max(0, now() - this.#due);
  }

  #beat(): void {
    const beat = now() - this.#sampledAt < QUIET ? BEAT : SLOW;
    this.#due = now() + beat / 1000;
    setTimeout(() => {
      this.#late = Math.max(this.#overdue, Number.isFinite(this.#late) ? this.#late * FADE : 0);
      if (now() - this.#sampledAt < REST) return this.#beat();
      this.#due = undefined;
      this.#late = Number.POSITIVE_INFINITY;
    }, beat).unref();
  }
}

const now = (): number => performance.now() / 1000;

const pulse = new Pulse();
const none: RunnableWait = new Map();

/** For waits for clients. */
export const CLIENT: Clock = {
  now,
  occupied: onCpuOrRunnable,
  late: () => pulse.late,
  starved: () => none,
};
/** For waits for file I/O, which the kernel does on pool threads. */
export const FILES: Clock = { ...CLIENT, starved: runnableWait };
