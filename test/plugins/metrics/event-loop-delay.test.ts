// Event-loop delay: zero at first, the longest delay after the thread was busy, and reset by reading.

import { expect, test } from "bun:test";
import { EventLoopDelay } from "../../../src/plugins/metrics/event-loop-delay.ts";
import { until } from "../../support/server.ts";

test("the delay of a busy thread is reported once", async () => {
  const delay = new EventLoopDelay();
  expect(delay.readAndReset()).toBe(0);
  const end = performance.now() + 400;
  while (performance.now() < end);
  // The timer of 50 ms is already overdue.
  const late = delay.readAndReset();
  expect(late).toBeGreaterThan(0.3);
  expect(late).toBeLessThan(60);
  await until("the delay is reset", () => delay.readAndReset() < 0.2);
});
