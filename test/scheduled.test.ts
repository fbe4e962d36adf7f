// What the scheduler says of threads, on a system that keeps statistics.

import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { held, occupied } from "../src/scheduled.ts";

const reason = existsSync("/proc/self/schedstat") ? null : "this system keeps no statistics of its scheduler";
if (reason) console.log(`test/scheduled.test.ts skipped: ${reason}`);

test("this thread is occupied while it works, and not while it sleeps", async () => {
  const before = occupied();
  for (const start = process.threadCpuUsage(); process.threadCpuUsage(start).user < 100_000; );
  const worked = occupied();
  expect(worked - before).toBeGreaterThan(0.09);
  const start = performance.now();
  await Bun.sleep(200);
  // Somebody else may have had the processor when it woke, but not all of the time.
  expect(occupied() - worked).toBeLessThan((performance.now() - start) / 1000);
});

describe.skipIf(reason !== null)("the threads that read and write files", () => {
  /** Nanoseconds that they could have run and did not, by another way of reading. */
  function counted(): number {
    const tasks = "/proc/self/task";
    const pool = readdirSync(tasks).filter((task) =>
      readFileSync(`${tasks}/${task}/comm`, "latin1").startsWith("Bun Pool"),
    );
    expect(pool.length).toBeGreaterThan(0);
    return pool
      .map((task) => Number(readFileSync(`${tasks}/${task}/schedstat`, "latin1").split(" ")[1]))
      .reduce((sum, ready) => sum + ready, 0);
  }

  test("are found, and what they were held up is added up", async () => {
    // Bun starts them when they are needed, one after another.
    for (let n = 0; n < 50; n += 1) await readFile(import.meta.path);
    const first = counted();
    // They are looked for once a second.
    await Bun.sleep(1100);
    const sum = held() * 1e9;
    expect(sum).toBeGreaterThanOrEqual(first - 1);
    expect(sum).toBeLessThanOrEqual(counted() + 1);
  });
});
