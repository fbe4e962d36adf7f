// Reads the processor time, memory and descriptors of a process and its children from /proc.

import { readdirSync, readFileSync } from "node:fs";

const TICKS_PER_SECOND = Number(Bun.spawnSync(["getconf", "CLK_TCK"]).stdout.toString());

interface Stat {
  parent: number;
  /** Processor seconds, including threads that have ended. */
  own: number;
  /** Processor seconds of children that have ended and were waited for. */
  ended: number;
}

function stat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in parentheses may contain spaces, so fields are counted after it; the first of them is field 3 of proc(5).
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const field = (number: number) => Number(fields[number - 3]);
    return {
      parent: field(4),
      own: (field(14) + field(15)) / TICKS_PER_SECOND,
      ended: (field(16) + field(17)) / TICKS_PER_SECOND,
    };
  } catch {
    return undefined;
  }
}

/** The process and all its running descendants. */
function tree(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    const parent = /^\d+$/.test(name) ? stat(Number(name))?.parent : undefined;
    if (parent !== undefined) parents.set(Number(name), parent);
  }
  const found = [root];
  for (const pid of found) for (const [child, parent] of parents) if (parent === pid) found.push(child);
  return found;
}

/** Processor seconds (user and system) of a process and its children so far; resolution 10 ms. */
export function processorSeconds(root: number): number {
  let seconds = 0;
  for (const pid of tree(root)) {
    const times = stat(pid);
    if (times) seconds += times.own + times.ended;
  }
  return seconds;
}

/** Resident memory of a process and its children in bytes: the current value, or the sum of each one's peak. */
export function memory(root: number, which: "now" | "peak"): number {
  const line = which === "now" ? /VmRSS:\s+(\d+) kB/ : /VmHWM:\s+(\d+) kB/;
  let bytes = 0;
  for (const pid of tree(root)) {
    try {
      bytes += Number(line.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0) * 1024;
    } catch {
      // The process ended after it was listed.
    }
  }
  return bytes;
}

/** Open descriptors of one process. */
export function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
