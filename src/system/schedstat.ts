// Reads the kernel's scheduler statistics of this thread and of the pool threads that do file I/O.

import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";

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
