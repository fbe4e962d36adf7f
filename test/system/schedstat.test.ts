// What the scheduler says of threads, on a system that keeps statistics.

import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { onCpuOrRunnable, runnableWait } from "../../src/system/schedstat.ts";
import { skipped } from "../support/switches.ts";

const reason = existsSync("/proc/self/schedstat") ? null : "this system keeps no statistics of its scheduler";
if (reason) skipped("threads of the scheduler", reason, "run it on Linux");

function work(microseconds: number): void {
  for (const start = process.threadCpuUsage(); process.threadCpuUsage(start).user < microseconds; );
}

test("this thread is occupied while it works", () => {
  const before = onCpuOrRunnable();
  work(100_000);
  expect(onCpuOrRunnable() - before).toBeGreaterThan(0.09);
});

test("and not while it sleeps, however late the system adds it up", async () => {
  const asleep: number[] = [];
  for (let n = 0; n < 20; n += 1) {
    work(2000);
    const before = onCpuOrRunnable();
    await Bun.sleep(20);
    asleep.push(onCpuOrRunnable() - before);
  }
  // The least: other programs may have had the processor when it woke.
  expect(Math.min(...asleep)).toBeLessThan(0.001);
});

describe.skipIf(reason !== null)("the threads that read and write files", () => {
  /** Nanoseconds by thread, by another way of reading. */
  function counted(): Map<string, number> {
    const tasks = "/proc/self/task";
    const pool = readdirSync(tasks).filter((task) =>
      readFileSync(`${tasks}/${task}/comm`, "latin1").startsWith("Bun Pool"),
    );
    return new Map(
      pool.map((task) => [task, Number(readFileSync(`${tasks}/${task}/schedstat`, "latin1").split(" ")[1])]),
    );
  }

  test("are found, and how long they had no processor", async () => {
    // Bun starts them when they are needed, one after another.
    for (let n = 0; n < 50; n += 1) await readFile(import.meta.path);
    // They are looked for once a second.
    await Bun.sleep(1100);
    const first = counted();
    const found = runnableWait();
    const last = counted();
    expect(found.size).toBeGreaterThan(0);
    expect([...found.keys()].sort()).toEqual([...first.keys()].sort());
    for (const [thread, seconds] of found) {
      expect(seconds * 1e9).toBeGreaterThanOrEqual((first.get(thread) ?? 0) - 1);
      expect(seconds * 1e9).toBeLessThanOrEqual((last.get(thread) ?? 0) + 1);
    }
  });
});
