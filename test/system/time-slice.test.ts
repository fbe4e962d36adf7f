// Yielding to the event loop.

import { expect, test } from "bun:test";
import { StepQueue } from "../../src/system/time-slice.ts";

test("StepQueue lets sockets and timers run between the steps of many callers", async () => {
  const steps = new StepQueue();
  const order: string[] = [];
  setTimeout(() => order.push("timer"), 0);
  const step = async (name: string): Promise<void> => {
    await steps.next();
    order.push(name);
    const until = performance.now() + 5;
    while (performance.now() < until);
  };
  await Promise.all(["a", "b", "c"].map(step));
  expect(order.filter((name) => name !== "timer")).toEqual(["a", "b", "c"]);
  expect(order.indexOf("timer")).toBeLessThan(3);
});
