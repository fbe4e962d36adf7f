// Measures waits for others. What this server's own processor adds to a wait is not theirs, and does not count.

import { held, occupied } from "./scheduled.ts";

/** What a stopwatch reads. All in seconds. */
export interface Clock {
  /** Grows with time. */
  now(): number;
  /** Grows while this thread works, or could work and another program has the processor. */
  occupied(): number;
  /** How late this thread heard of things lately: nothing happened longer ago than this without its knowing. */
  late(): number;
  /** Grows while those who do what is waited for could work and another program has the processor. */
  held(): number;
}

/**
 * Seconds. Asking the system at both ends of every wait costs a tenth of a fast upload's processor time, so it is not
 * asked more often than this: a shorter wait close behind is taken to be like the last one of its kind that was asked for.
 */
const CLOSE = 0.003;

/** Measures waits of one kind: what they lasted, without what the processor added. */
export class Stopwatch {
  readonly #clock: Clock;
  /** When the system was asked last, and what it said. */
  #asked = Number.NEGATIVE_INFINITY;
  #occupied = 0;
  #held = 0;
  /** What part of a short wait is not the processor's. */
  #part = 1;

  constructor(clock: Clock = CLIENT) {
    this.#clock = clock;
  }

  /**
   * Starts to measure a wait. What it has lasted so far, each time the result is called; but never more of it is put down
   * to the processor than this thread was late: before that it would have heard that the wait was over.
   */
  start(): () => number {
    const began = this.#clock.now();
    const asks = began - this.#asked >= CLOSE;
    if (asks) this.#ask(began);
    // Since it was asked, this thread went on with what it had waited for.
    const occupied = this.#occupied + began - this.#asked;
    const held = this.#held;
    return () => {
      const now = this.#clock.now();
      const lasted = now - began;
      if (!asks && lasted < CLOSE) return lasted * this.#part;
      this.#ask(now);
      const ours = Math.max(0, Math.min(this.#occupied - occupied, this.#clock.late()));
      const waited = Math.max(0, lasted - ours - (this.#held - held));
      if (asks && lasted > 0) this.#part = waited / lasted;
      return waited;
    };
  }

  #ask(now: number): void {
    this.#asked = now;
    this.#occupied = this.#clock.occupied();
    this.#held = this.#clock.held();
  }
}

/** Milliseconds between two looks at how late they come. */
const BEAT = 20;
/** Seconds without a wait after which nobody looks any more. */
const REST = 1;
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
    this.#due = now() + BEAT / 1000;
    setTimeout(() => {
      this.#late = Math.max(this.#overdue, Number.isFinite(this.#late) ? this.#late * FADE : 0);
      if (now() - this.#asked < REST) return this.#beat();
      this.#due = undefined;
      this.#late = Number.POSITIVE_INFINITY;
    }, BEAT).unref();
  }
}

const now = (): number => performance.now() / 1000;

const pulse = new Pulse();

/** For what comes from elsewhere. */
export const CLIENT: Clock = { now, occupied, late: () => pulse.late, held: () => 0 };
/** For what the system does with files, in threads of its own. */
export const FILES: Clock = { ...CLIENT, held };
