// Waits: what is the processor's, and what is not.

import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { onCpuOrRunnable, runnableWait, Stopwatch } from "../../src/system/stopwatch.ts";
import { skipped } from "../support/switches.ts";

/** A clock that a test moves, and that counts how often it was asked about the processor. */
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
    /** @param starved seconds by thread */
    pass: (seconds: number, occupied: number, starved: Record<string, number> = {}) => {
      time.now += seconds;
      time.occupied += occupied;
      for (const [thread, more] of Object.entries(starved))
        time.starved.set(thread, (time.starved.get(thread) ?? 0) + more);
    },
  };
}

describe("a wait", () => {
  test("of a thread that had nothing to do counts whole", () => {
    const { stopwatch, pass } = clockAt(5);
    const lasted = stopwatch.start();
    pass(2, 0);
    expect(lasted()).toBe(2);
    pass(1, 0);
    expect(lasted()).toBe(3);
  });

  test("in which the thread had no time to listen does not count", () => {
    const { stopwatch, pass } = clockAt(5);
    const lasted = stopwatch.start();
    pass(2, 1.5);
    expect(lasted()).toBe(0.5);
  });

  test("in which it was busy, but listened in between, counts but for the last moment", () => {
    const { stopwatch, pass } = clockAt(0.25);
    const lasted = stopwatch.start();
    pass(2, 1.5);
    expect(lasted()).toBe(1.75);
  });

  test("for other threads counts without the time in which one of them had no processor", () => {
    const { stopwatch, pass } = clockAt(0);
    const lasted = stopwatch.start();
    pass(2, 0, { 1: 0.75 });
    expect(lasted()).toBe(1.25);
  });

  test("is done by one thread: what several of them waited is not added up", () => {
    const { stopwatch, pass } = clockAt(0);
    const lasted = stopwatch.start();
    pass(2, 0, { 1: 0.75, 2: 0.5 });
    expect(lasted()).toBe(1.25);
  });

  test("is not shortened by what a new thread waited before", () => {
    const { stopwatch, pass } = clockAt(0);
    const lasted = stopwatch.start();
    pass(2, 0, { 3: 0.75 });
    expect(lasted()).toBe(2);
  });

  test("never is less than nothing", () => {
    const { stopwatch, pass } = clockAt(5);
    const lasted = stopwatch.start();
    pass(1, 1.001);
    expect(lasted()).toBe(0);
  });
});

describe("a wait close behind another", () => {
  /** One of 40 µs, three quarters of them this thread's work, and 60 µs of work behind it. */
  function closeBehind() {
    const { pass, ...clock } = clockAt(5);
    const first = clock.stopwatch.start();
    pass(40e-6, 30e-6);
    expect(first()).toBeCloseTo(10e-6, 9);
    pass(60e-6, 60e-6);
    return { pass, ...clock, lasted: clock.stopwatch.start() };
  }

  test("is taken to be like it when it is short, and nobody is asked", () => {
    const { pass, time, lasted } = closeBehind();
    const { asked } = time;
    pass(80e-6, 0);
    // 30 µs of it would be this thread's, were it like the other: longer ones have no more of it.
    expect(lasted()).toBeCloseTo(50e-6, 9);
    expect(time.asked).toBe(asked);
  });

  test("counts whole when it becomes long and the thread had nothing to do", () => {
    const { pass, lasted } = closeBehind();
    pass(2, 0);
    expect(lasted()).toBeCloseTo(2, 9);
  });

  test("does not count when it becomes long and the thread had no time to listen", () => {
    const { pass, lasted } = closeBehind();
    pass(2, 2);
    expect(lasted()).toBeCloseTo(0, 9);
  });

  test("that comes a little later is asked about again", () => {
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

test("a thousand short waits ask about the processor at most every five milliseconds", () => {
  const { stopwatch, pass, time } = clockAt(5);
  let sum = 0;
  for (let n = 0; n < 1000; n++) {
    const lasted = stopwatch.start();
    pass(30e-6, 15e-6);
    sum += lasted();
    pass(30e-6, 30e-6);
  }
  expect(sum).toBeCloseTo(1000 * 15e-6, 6);
  // Of 60 ms, every five: when a wait begins, and when it ends.
  expect(time.asked).toBeLessThanOrEqual(2 * 12);
});

test("work of this very thread does not count", async () => {
  const lasted = new Stopwatch().start();
  for (const start = process.threadCpuUsage(); process.threadCpuUsage(start).user < 100_000; );
  const worked = lasted();
  await Bun.sleep(60);
  // By that it heard of the world again.
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
