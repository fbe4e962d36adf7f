// The takeover lock: one request at a time, and a newer one ends the older.

import { expect, test } from "bun:test";
import { TakeoverLock } from "../../../src/core/resumable/takeover-lock.ts";

/** A request that ends when its signal is aborted. */
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

test("a newer request aborts the older one, and begins when that has ended", async () => {
  const lock = new TakeoverLock();
  const steps: string[] = [];
  const begun = Promise.withResolvers<void>();
  const old = lock.acquire(async (signal) => {
    begun.resolve();
    try {
      return await untilAborted(signal);
    } finally {
      await Bun.sleep(1);
      steps.push("old has ended");
    }
  });
  await begun.promise;
  const young = lock.acquire(async () => {
    steps.push("young begins");
    return "done";
  });
  await expect(old).rejects.toMatchObject({ code: "upload_locked" });
  expect(await young).toBe("done");
  expect(steps).toEqual(["old has ended", "young begins"]);
});

test("a waiting request is aborted before it begins if a newer one arrives", async () => {
  const lock = new TakeoverLock();
  const seen: boolean[] = [];
  const step = async (signal: AbortSignal) => void seen.push(signal.aborted);
  const all = [1, 2, 3].map(() => lock.acquire(step));
  await Promise.all(all);
  expect(seen).toEqual([true, true, false]);
});

test("a failed request does not block the next ones", async () => {
  const lock = new TakeoverLock();
  const failing = lock.acquire(() => Promise.reject(new Error("no")));
  const next = lock.acquire(async () => "yes");
  await expect(failing).rejects.toThrow("no");
  expect(await next).toBe("yes");
});

test("is busy until the last request has ended", async () => {
  const lock = new TakeoverLock();
  expect(lock.busy).toBe(false);
  const running = lock.acquire(async () => {});
  expect(lock.busy).toBe(true);
  await running;
  expect(lock.busy).toBe(false);
});
