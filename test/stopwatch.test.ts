// Waits: what is the processor's, and what is not.

import { describe, expect, test } from "bun:test";
import { startWait } from "../src/stopwatch.ts";

/** A clock that a test moves. */
function clockAt(late: number) {
  const time = { now: 100, occupied: 7 };
  return {
    clock: { now: () => time.now, occupied: () => time.occupied, late: () => late },
    pass: (seconds: number, occupied: number) => {
      time.now += seconds;
      time.occupied += occupied;
    },
  };
}

describe("a wait", () => {
  test("of a thread that had nothing to do counts whole", () => {
    const { clock, pass } = clockAt(5);
    const lasted = startWait(clock);
    pass(2, 0);
    expect(lasted()).toBe(2);
    pass(1, 0);
    expect(lasted()).toBe(3);
  });

  test("in which the thread had no time to listen does not count", () => {
    const { clock, pass } = clockAt(5);
    const lasted = startWait(clock);
    pass(2, 1.5);
    expect(lasted()).toBe(0.5);
  });

  test("in which it was busy, but listened in between, counts but for the last moment", () => {
    const { clock, pass } = clockAt(0.25);
    const lasted = startWait(clock);
    pass(2, 1.5);
    expect(lasted()).toBe(1.75);
  });

  test("never is less than nothing", () => {
    const { clock, pass } = clockAt(5);
    const lasted = startWait(clock);
    pass(1, 1.001);
    expect(lasted()).toBe(0);
  });
});

test("work of this very thread does not count", async () => {
  const lasted = startWait();
  for (const start = process.threadCpuUsage(); process.threadCpuUsage(start).user < 100_000; );
  const worked = lasted();
  await Bun.sleep(60);
  // By that it heard of the world again.
  const waited = lasted();
  expect(worked).toBeLessThan(0.09);
  expect(waited - worked).toBeGreaterThan(0.03);
});
