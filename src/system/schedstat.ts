// What the scheduler of the system says of this thread and of those that read and write files for it.

import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";

/** Bun's name for the threads that do the work of asynchronous calls. */
const POOL = /^Bun Pool /;
/** All threads of this process (Linux). */
const TASKS = "/proc/self/task";
/** Milliseconds between two looks for new ones. */
const LOOK = 1000;

/** Seconds that a thread ran, and that it could have run but something else had the processor. */
interface Scheduled {
  ran: number;
  ready: number;
}

const bytes = new Uint8Array(96);

/**
 * Reads a file of scheduler statistics (Linux): nanoseconds of both, in digits, a space behind each. The digits are put
 * together by hand, since this is asked thousands of times a second.
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

/** Seconds that this thread ran, or could have run. Without statistics those that it ran. */
export const onCpuOrRunnable: () => number = ownThread();

function ownThread(): () => number {
  const used = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1e6;
  };
  // The system adds up what a thread ran when it stops, or every few milliseconds; asked for the process, it does so now.
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
    // Some systems have the file and keep no statistics.
    return upToDate(both() > 0 ? both : used);
  } catch {
    return upToDate(used);
  }
}

/** Seconds that each thread of the pool could have run and did not, by its number. */
export type RunnableWait = ReadonlyMap<string, number>;

/** The statistics of the pool's threads, as far as they are known. */
const pool = new Map<string, number>();
let looked = Number.NEGATIVE_INFINITY;

/** Empty where nobody counts. */
export function runnableWait(): RunnableWait {
  if (performance.now() - looked >= LOOK) look();
  const seconds = new Map<string, number>();
  for (const [thread, file] of pool) {
    try {
      seconds.set(thread, read(file).ready);
    } catch {
      // The thread is gone: its file cannot be read any more.
      closeSync(file);
      pool.delete(thread);
    }
  }
  return seconds;
}

/** How long the thread that was starved most since `before` was: one operation is done by one thread. */
export function longestRunnableWait(before: RunnableWait, after: RunnableWait): number {
  let most = 0;
  for (const [thread, seconds] of before) most = Math.max(most, (after.get(thread) ?? 0) - seconds);
  return most;
}

function look(): void {
  looked = performance.now();
  for (const thread of threads()) {
    try {
      if (pool.has(thread) || !POOL.test(readFileSync(`${TASKS}/${thread}/comm`, "latin1"))) continue;
      pool.set(thread, openSync(`${TASKS}/${thread}/schedstat`, "r"));
    } catch {
      // It ended meanwhile, or there are no statistics.
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
