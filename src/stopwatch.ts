// Measures waits for others. What this server's own processor adds to a wait is not theirs, and does not count.

import { openSync, readSync } from "node:fs";

/** What a stopwatch reads. All in seconds. */
export interface Clock {
  /** Grows with time. */
  now(): number;
  /** Grows while this thread works, or could work and another program has the processor. */
  occupied(): number;
  /** How late this thread heard of things lately: nothing happened longer ago than this without its knowing. */
  late(): number;
}

/**
 * Starts to measure a wait. What it has lasted so far, each time the result is called; but never more of it is put down
 * to the processor than this thread was late: before that it would have heard that the wait was over.
 */
export function startWait(clock: Clock = system): () => number {
  const [began, occupied] = [clock.now(), clock.occupied()];
  return () => {
    const lasted = clock.now() - began;
    return Math.max(0, lasted - Math.min(clock.occupied() - occupied, clock.late()));
  };
}

/** Milliseconds between two looks at how late they come. */
const BEAT = 5;
/** Seconds without a wait after which nobody looks any more. */
const REST = 1;
/** What is left of a lateness after each beat that was not late. */
const FADE = 0.8;

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

/** Nanoseconds this thread ran, and nanoseconds it was ready to run and did not (Linux, scheduler statistics). */
const SCHEDULED = "/proc/thread-self/schedstat";

function reader(): () => number {
  const thread = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1e6;
  };
  try {
    const file = openSync(SCHEDULED, "r");
    const bytes = Buffer.alloc(96);
    const read = (): number => {
      const [ran, ready] = bytes
        .toString("latin1", 0, readSync(file, bytes, 0, bytes.length, 0))
        .split(" ", 2);
      return (Number(ran) + Number(ready)) / 1e9;
    };
    // Some systems have the file and keep no statistics.
    return read() > 0 ? read : thread;
  } catch {
    return thread;
  }
}

const pulse = new Pulse();
const system: Clock = { now, occupied: reader(), late: () => pulse.late };
