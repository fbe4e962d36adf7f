// Turns: one request at a time, and a newer one ends the older.

import { expect, test } from "bun:test";
import { TakeoverLock } from "../../../src/core/resumable/takeover-lock.ts";

/** Ends when its signal says so. */
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

test("a newer request ends the older, and begins when that has ended", async () => {
  const turns = new TakeoverLock();
  const steps: string[] = [];
  const begun = Promise.withResolvers<void>();
  const old = turns.acquire(async (signal) => {
    begun.resolve();
    try {
      return await untilAborted(signal);
    } finally {
      await Bun.sleep(1);
      steps.push("old has ended");
    }
  });
  await begun.promise;
  const young = turns.acquire(async () => {
    steps.push("young begins");
    return "done";
  });
  await expect(old).rejects.toMatchObject({ code: "upload_locked" });
  expect(await young).toBe("done");
  expect(steps).toEqual(["old has ended", "young begins"]);
});

test("one that waits is told before it begins that a newer one came", async () => {
  const turns = new TakeoverLock();
  const seen: boolean[] = [];
  const step = async (signal: AbortSignal) => void seen.push(signal.aborted);
  const all = [1, 2, 3].map(() => turns.acquire(step));
  await Promise.all(all);
  expect(seen).toEqual([true, true, false]);
});

test("a failed request does not stop those behind it", async () => {
  const turns = new TakeoverLock();
  const failing = turns.acquire(() => Promise.reject(new Error("no")));
  const next = turns.acquire(async () => "yes");
  await expect(failing).rejects.toThrow("no");
  expect(await next).toBe("yes");
});

test("is busy until the last has ended", async () => {
  const turns = new TakeoverLock();
  expect(turns.busy).toBe(false);
  const running = turns.acquire(async () => {});
  expect(turns.busy).toBe(true);
  await running;
  expect(turns.busy).toBe(false);
});
