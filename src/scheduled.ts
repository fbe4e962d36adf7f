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
export const occupied: () => number = ownThread();

function ownThread(): () => number {
  const used = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1e6;
  };
  try {
    const file = openSync("/proc/thread-self/schedstat", "r");
    const both = (): number => {
      const { ran, ready } = read(file);
      return ran + ready;
    };
    // Some systems have the file and keep no statistics.
    return both() > 0 ? both : used;
  } catch {
    return used;
  }
}

/** The threads of the pool by their numbers, as far as they are known: the file of each, and what it said last. */
const pool = new Map<string, { file: number; ready: number }>();
let looked = Number.NEGATIVE_INFINITY;
/** Of threads that have ended. */
let ended = 0;

/** Seconds that threads of the pool could have run and did not, added up. 0 where nobody counts them. */
export function held(): number {
  if (performance.now() - looked >= LOOK) look();
  let sum = 0;
  for (const [number, thread] of pool) {
    try {
      thread.ready = read(thread.file).ready;
      sum += thread.ready;
    } catch {
      // The thread is gone: its file cannot be read any more.
      closeSync(thread.file);
      pool.delete(number);
      ended += thread.ready;
    }
  }
  return sum + ended;
}

function look(): void {
  looked = performance.now();
  try {
    for (const number of readdirSync(TASKS)) {
      if (pool.has(number) || !POOL.test(readFileSync(`${TASKS}/${number}/comm`, "latin1"))) continue;
      pool.set(number, { file: openSync(`${TASKS}/${number}/schedstat`, "r"), ready: 0 });
    }
  } catch {
    // No such files here, or a thread that ended between the listing and the reading: there is a next time.
  }
}
