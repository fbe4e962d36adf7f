// How late timers come: nothing at first, the longest time once it was busy, and nothing of it the next time.

import { expect, test } from "bun:test";
import { EventLoopDelay } from "../../src/plugins/event-loop-delay.ts";
import { until } from "../support/server.ts";

test("a thread that was busy was late, and that is told once", async () => {
  const lateness = new EventLoopDelay();
  expect(lateness.readAndReset()).toBe(0);
  const end = performance.now() + 400;
  while (performance.now() < end);
  // The beat that should have come after 50 ms is overdue already.
  const late = lateness.readAndReset();
  expect(late).toBeGreaterThan(0.3);
  expect(late).toBeLessThan(60);
  await until("it is forgotten", () => lateness.readAndReset() < 0.2);
});
