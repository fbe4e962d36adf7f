// The list of what is arriving, and the moment when nothing is.

import { expect, test } from "bun:test";
import { type Reporting, Running, type RunningUpload } from "../../src/core/running.ts";
import { checkFilePath } from "../../src/path.ts";

function upload(id: string): Reporting {
  const report: RunningUpload = {
    id,
    path: checkFilePath("a"),
    received: 0,
    saved: 0,
    bytesPerSecond: 0,
    bottleneck: "network",
    started: new Date(0).toISOString(),
    state: "receiving",
  };
  return { report: () => report };
}

test("shows what was added, in order, until it is removed", () => {
  const running = new Running();
  const [one, two] = [upload("one"), upload("two")];
  running.add(one);
  running.add(two);
  expect(running.reports().map(({ id }) => id)).toEqual(["one", "two"]);
  running.remove(one);
  running.remove(one);
  expect(running.reports().map(({ id }) => id)).toEqual(["two"]);
  expect(running.size).toBe(1);
});

test("idle is at once when nothing runs, and otherwise when the last one ends", async () => {
  const running = new Running();
  await running.idle();
  const [one, two] = [upload("one"), upload("two")];
  running.add(one);
  running.add(two);
  let idle = 0;
  const waiting = [running.idle(), running.idle()].map((promise) =>
    promise.then(() => {
      idle += 1;
    }),
  );
  running.remove(one);
  await Bun.sleep(1);
  expect(idle).toBe(0);
  running.remove(two);
  await Promise.all(waiting);
  expect(idle).toBe(2);
});
