// The queue of bulk work: long jobs take turns, and a short one does not wait for their end.

import { expect, test } from "bun:test";
import { BulkQueue, type Job } from "../../../../src/storage/disk/bulk/bulk-queue.ts";

/** A job that holds the thread for some milliseconds in each of its pieces. */
function* working(pieces: number, milliseconds: number, after: (piece: number) => void): Job {
  for (let piece = 0; piece < pieces; piece++) {
    const end = performance.now() + milliseconds;
    while (performance.now() < end);
    after(piece);
    yield;
  }
  return pieces;
}

test("two long jobs take turns", async () => {
  const queue = new BulkQueue();
  const order: string[] = [];
  const results = await Promise.all([
    queue.run(working(3, 20, () => order.push("a"))),
    queue.run(working(3, 20, () => order.push("b"))),
  ]);
  expect(order.join("")).toBe("ababab");
  expect(results).toEqual([3, 3]);
});

test("a job added later has a turn before a long one ends", async () => {
  const queue = new BulkQueue();
  let done = 0;
  const long = queue.run(working(20, 10, (piece) => (done = piece + 1)));
  const short = new Promise<void>((resolve) => setImmediate(resolve)).then(() =>
    queue.run(working(1, 0, () => {})),
  );
  await short;
  expect(done).toBeLessThan(20);
  await long;
});

test("a job that fails does not affect the others", async () => {
  const queue = new BulkQueue();
  function* failing(): Job {
    yield;
    throw new RangeError("as ordered");
  }
  const [failed, other] = await Promise.allSettled([
    queue.run(failing()),
    queue.run(working(2, 10, () => {})),
  ]);
  expect(failed).toMatchObject({ status: "rejected", reason: { message: "as ordered" } });
  expect(other).toEqual({ status: "fulfilled", value: 2 });
  expect(await queue.run(working(1, 0, () => {}))).toBe(1);
});
