// Measures waits for clients and disks. Time that this process itself adds to a wait is deducted.

import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";

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
      const elapsed = now - began;
      if (!sampled && elapsed < CLOSE) return elapsed - Math.min(this.#added, elapsed * this.#part);
      this.#sample(now);
      const ours = Math.max(0, Math.min(this.#occupied - occupied, this.#late));
      const added = Math.min(elapsed, ours + longestRunnableWait(starved, this.#starved));
      if (sampled && elapsed > 0) {
        this.#added = added;
        this.#part = added / elapsed;
      }
      return elapsed - added;
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

/** The names Bun gives to the threads of its pool. */
const POOL = /^Bun Pool /;
/** The folder with all threads of this process (Linux). */
const TASKS = "/proc/self/task";
/** Milliseconds between two scans for new threads. */
const SCAN_INTERVAL = 1000;

/** Seconds that a thread ran, and that it was runnable but waited for a processor. */
interface Scheduled {
  ran: number;
  ready: number;
}

const bytes = new Uint8Array(96);

/**
 * Parses a schedstat file (Linux): both times in nanoseconds, each followed by a space. The digits are parsed by hand,
 * because this runs thousands of times a second.
 */
function read(file: number): Scheduled {
  const length = readSync(file, bytes, 0, bytes.length, 0);
  const numbers = [0, 0];
  let [which, number] = [0, 0];
  for (let at = 0; at < length && which < 2; at += 1) {
    const digit = (bytes[at] ?? 0) - 48;
    if (digit >= 0 && digit <= 9) number = number * 10 + digit;
    else {
      numbers[which] = number / 1e9;
      which += 1;
      number = 0;
    }
  }
  const [ran = 0, ready = 0] = numbers;
  return { ran, ready };
}

/** Seconds that this thread ran or was runnable; without statistics only the seconds that it ran. */
export const onCpuOrRunnable: () => number = ownThread();

function ownThread(): () => number {
  const used = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1e6;
  };
  // The kernel updates a thread's time only when it stops, or every 4 ms. Asking for the process's time forces an update.
  const upToDate = (read: () => number) => (): number => {
    process.cpuUsage();
    return read();
  };
  try {
    const file = openSync("/proc/thread-self/schedstat", "r");
    const both = (): number => {
      const { ran, ready } = read(file);
      return ran + ready;
    };
    // Some kernels provide the file but keep no statistics.
    return upToDate(both() > 0 ? both : used);
  } catch {
    return upToDate(used);
  }
}

/** Seconds that each pool thread was runnable but waited for a processor, by thread id. */
export type RunnableWait = ReadonlyMap<string, number>;

/** Open schedstat files of the pool threads found so far. */
const pool = new Map<string, number>();
let scanned = Number.NEGATIVE_INFINITY;

/** Empty on a system without statistics. */
export function runnableWait(): RunnableWait {
  if (performance.now() - scanned >= SCAN_INTERVAL) scan();
  const seconds = new Map<string, number>();
  for (const [thread, file] of pool) {
    try {
      seconds.set(thread, read(file).ready);
    } catch {
      // The thread has ended, so its file can no longer be read.
      closeSync(file);
      pool.delete(thread);
    }
  }
  return seconds;
}

function scan(): void {
  scanned = performance.now();
  for (const thread of threads()) {
    try {
      if (pool.has(thread) || !POOL.test(readFileSync(`${TASKS}/${thread}/comm`, "latin1"))) continue;
      pool.set(thread, openSync(`${TASKS}/${thread}/schedstat`, "r"));
    } catch {
      // The thread ended in between, or the system keeps no statistics.
    }
  }
}

function threads(): string[] {
  try {
    return readdirSync(TASKS);
  } catch {
    return [];
  }
}

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
