// Measured waits: excluding the delays that this process causes.

import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { onCpuOrRunnable, runnableWait, Stopwatch } from "../../src/system/stopwatch.ts";
import { skipped } from "../support/switches.ts";

/** A clock that a test advances, and that counts reads of processor time. */
function clockAt(late: number) {
  const time = {
    now: 100,
    occupied: 7,
    starved: new Map([
      ["1", 3],
      ["2", 0],
    ]),
    asked: 0,
  };
  const occupied = (): number => {
    time.asked += 1;
    return time.occupied;
  };
  return {
    time,
    stopwatch: new Stopwatch({
      now: () => time.now,
      occupied,
      late: () => late,
      starved: () => new Map(time.starved),
    }),
    /** @param starved seconds without a processor, by thread */
    pass: (seconds: number, occupied: number, starved: Record<string, number> = {}) => {
      time.now += seconds;
      time.occupied += occupied;
      for (const [thread, more] of Object.entries(starved))
        time.starved.set(thread, (time.starved.get(thread) ?? 0) + more);
    },
  };
}

describe("a wait", () => {
  test("of an idle thread counts completely", () => {
    const { stopwatch, pass } = clockAt(5);
    const lasted = stopwatch.start();
    pass(2, 0);
    expect(lasted()).toBe(2);
    pass(1, 0);
    expect(lasted()).toBe(3);
  });

  test("during which the thread was busy all the time does not count", () => {
    const { stopwatch, pass } = clockAt(5);
    const lasted = stopwatch.start();
    pass(2, 1.5);
    expect(lasted()).toBe(0.5);
  });

  test("during which it was busy but handled events in between counts except for the last part", () => {
    const { stopwatch, pass } = clockAt(0.25);
    const lasted = stopwatch.start();
    pass(2, 1.5);
    expect(lasted()).toBe(1.75);
  });

  test("for other threads excludes the time in which one of them had no processor", () => {
    const { stopwatch, pass } = clockAt(0);
    const lasted = stopwatch.start();
    pass(2, 0, { 1: 0.75 });
    expect(lasted()).toBe(1.25);
  });

  test("excludes the delay of one thread, not the sum of several", () => {
    const { stopwatch, pass } = clockAt(0);
    const lasted = stopwatch.start();
    pass(2, 0, { 1: 0.75, 2: 0.5 });
    expect(lasted()).toBe(1.25);
  });

  test("is not reduced by earlier delays of a new thread", () => {
    const { stopwatch, pass } = clockAt(0);
    const lasted = stopwatch.start();
    pass(2, 0, { 3: 0.75 });
    expect(lasted()).toBe(2);
  });

  test("is never negative", () => {
    const { stopwatch, pass } = clockAt(5);
    const lasted = stopwatch.start();
    pass(1, 1.001);
    expect(lasted()).toBe(0);
  });
});

describe("a wait soon after another", () => {
  /** A wait of 40 µs, of which 30 µs are this thread's work, followed by 60 µs of work. */
  function closeBehind() {
    const { pass, ...clock } = clockAt(5);
    const first = clock.stopwatch.start();
    pass(40e-6, 30e-6);
    expect(first()).toBeCloseTo(10e-6, 9);
    pass(60e-6, 60e-6);
    return { pass, ...clock, lasted: clock.stopwatch.start() };
  }

  test("is assumed to be similar if it is short, without reading processor time", () => {
    const { pass, time, lasted } = closeBehind();
    const { asked } = time;
    pass(80e-6, 0);
    // If it is like the previous one, 30 µs of it are this thread's, also if it is longer.
    expect(lasted()).toBeCloseTo(50e-6, 9);
    expect(time.asked).toBe(asked);
  });

  test("counts completely if it becomes long and the thread was idle", () => {
    const { pass, lasted } = closeBehind();
    pass(2, 0);
    expect(lasted()).toBeCloseTo(2, 9);
  });

  test("does not count if it becomes long and the thread was busy all the time", () => {
    const { pass, lasted } = closeBehind();
    pass(2, 2);
    expect(lasted()).toBeCloseTo(0, 9);
  });

  test("is measured again if it begins a little later", () => {
    const { pass, stopwatch, time, lasted } = closeBehind();
    pass(80e-6, 80e-6);
    lasted();
    pass(0.005, 0.005);
    const [later, { asked }] = [stopwatch.start(), time];
    pass(80e-6, 0);
    expect(later()).toBeCloseTo(80e-6, 9);
    expect(time.asked).toBeGreaterThan(asked);
  });
});

test("a thousand short waits read processor time at most every five milliseconds", () => {
  const { stopwatch, pass, time } = clockAt(5);
  let sum = 0;
  for (let n = 0; n < 1000; n++) {
    const lasted = stopwatch.start();
    pass(30e-6, 15e-6);
    sum += lasted();
    pass(30e-6, 30e-6);
  }
  expect(sum).toBeCloseTo(1000 * 15e-6, 6);
  // In 60 ms, every five: at the start and at the end of a wait.
  expect(time.asked).toBeLessThanOrEqual(2 * 12);
});

test("work of the current thread does not count", async () => {
  const lasted = new Stopwatch().start();
  for (const start = process.threadCpuUsage(); process.threadCpuUsage(start).user < 100_000; );
  const worked = lasted();
  await Bun.sleep(60);
  // The thread handles events again here.
  const waited = lasted();
  expect(worked).toBeLessThan(0.09);
  expect(waited - worked).toBeGreaterThan(0.03);
});

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

test("this thread is not occupied while it sleeps, although the kernel updates its statistics late", async () => {
  const asleep: number[] = [];
  for (let n = 0; n < 20; n += 1) {
    work(2000);
    const before = onCpuOrRunnable();
    await Bun.sleep(20);
    asleep.push(onCpuOrRunnable() - before);
  }
  // The minimum, because other programs may have used the processor when it woke up.
  expect(Math.min(...asleep)).toBeLessThan(0.001);
});

describe.skipIf(reason !== null)("the threads that read and write files", () => {
  /** Nanoseconds by thread, read independently. */
  function counted(): Map<string, number> {
    const tasks = "/proc/self/task";
    const pool = readdirSync(tasks).filter((task) =>
      readFileSync(`${tasks}/${task}/comm`, "latin1").startsWith("Bun Pool"),
    );
    return new Map(
      pool.map((task) => [task, Number(readFileSync(`${tasks}/${task}/schedstat`, "latin1").split(" ")[1])]),
    );
  }

  test("are found, with the time that they had no processor", async () => {
    // Bun starts these threads on demand, one after another.
    for (let n = 0; n < 50; n += 1) await readFile(import.meta.path);
    // The list of threads is refreshed once a second.
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
