// Measures waits for others. What this server's own processor adds to a wait is not theirs, and does not count.

import { longestRunnableWait, onCpuOrRunnable, type RunnableWait, runnableWait } from "./schedstat.ts";

/** The clocks a `Stopwatch` reads. All values in seconds. */
export interface Clock {
  /** Grows with time. */
  now(): number;
  /** Grows while this thread works, or could work and another program has the processor. */
  occupied(): number;
  /** How late this thread heard of things lately, as far as was seen: it is looked at every BEAT. */
  late(): number;
  /** Threads that do what is waited for: how long each of them could work and another program had the processor. */
  starved(): RunnableWait;
}

/**
 * Seconds. Asking the system at both ends of every wait costs a tenth of a fast upload's processor time. So a wait that
 * begins this soon after a question is not asked about, unless it lasts as long itself: it is taken to be like the last
 * one that was asked about at both ends.
 */
const CLOSE = 0.005;

/** Measures waits of one kind: what they lasted, without what the processor added. */
export class Stopwatch {
  readonly #clock: Clock;
  /** When the system was asked last, and what it said. */
  #asked = Number.NEGATIVE_INFINITY;
  #occupied = 0;
  #late = 0;
  #starved: RunnableWait = new Map();
  /** What the processor added to the last wait that was asked about at both ends: seconds, and as a part of it. */
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
    const asks = began - this.#asked >= CLOSE;
    if (asks) this.#ask(began);
    // Since it was asked this thread was busy, or most of the time: what is wrong with that is less than CLOSE.
    const occupied = this.#occupied + began - this.#asked;
    const starved = this.#starved;
    return () => {
      const now = this.#clock.now();
      const lasted = now - began;
      if (!asks && lasted < CLOSE) return lasted - Math.min(this.#added, lasted * this.#part);
      this.#ask(now);
      const ours = Math.max(0, Math.min(this.#occupied - occupied, this.#late));
      const added = Math.min(lasted, ours + longestRunnableWait(starved, this.#starved));
      if (asks && lasted > 0) {
        this.#added = added;
        this.#part = added / lasted;
      }
      return lasted - added;
    };
  }

  #ask(now: number): void {
    this.#asked = now;
    this.#occupied = this.#clock.occupied();
    this.#late = this.#clock.late();
    this.#starved = this.#clock.starved();
  }
}

/** Milliseconds between two looks at how late timers come. */
const BEAT = 20;
/** The same after QUIET seconds in which no wait began or ended. */
const SLOW = 250;
const QUIET = 1;
/** Seconds in which no wait began or ended after which nobody looks any more: longer than a client may be silent. */
const REST = 256;
/** What is left of a lateness after each beat that was not late. */
const FADE = 0.4;

/** Looks how late timers come, as long as waits are measured. */
class Pulse {
  /** Until the first beat nobody knows. */
  #late = Number.POSITIVE_INFINITY;
  #asked = 0;
  /** When the next beat should come. */
  #due: number | undefined;

  get late(): number {
    this.#asked = now();
    if (this.#due === undefined) this.#beat();
    return Math.max(this.#late, this.#overdue);
  }

  get #overdue(): number {
    return this.#due === undefined ? 0 : Math.max(0, now() - this.#due);
  }

  #beat(): void {
    const beat = now() - this.#asked < QUIET ? BEAT : SLOW;
    this.#due = now() + beat / 1000;
    setTimeout(() => {
      this.#late = Math.max(this.#overdue, Number.isFinite(this.#late) ? this.#late * FADE : 0);
      if (now() - this.#asked < REST) return this.#beat();
      this.#due = undefined;
      this.#late = Number.POSITIVE_INFINITY;
    }, beat).unref();
  }
}

const now = (): number => performance.now() / 1000;

const pulse = new Pulse();
const nobody: RunnableWait = new Map();

/** For what comes from elsewhere. */
export const CLIENT: Clock = {
  now,
  occupied: onCpuOrRunnable,
  late: () => pulse.late,
  starved: () => nobody,
};
/** For what the system does with files, in threads of its own. */
export const FILES: Clock = { ...CLIENT, starved: runnableWait };
