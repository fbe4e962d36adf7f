// The list of running uploads.

import { expect, test } from "bun:test";
import {
  type ActiveUpload,
  ActiveUploads,
  type RunningUpload,
} from "../../../src/core/report/active-uploads.ts";
import { checkFilePath } from "../../../src/path.ts";

function upload(id: string): RunningUpload {
  const report: ActiveUpload = {
    id,
    path: checkFilePath("a"),
    received: 0,
    saved: 0,
    bytesPerSecond: 0,
    bottleneck: "network",
    started: new Date(0).toISOString(),
    state: "receiving",
  };
  return { report: () => report, cancel: () => true };
}

test("contains added uploads, in order, until they are removed", () => {
  const running = new ActiveUploads();
  const [one, two] = [upload("one"), upload("two")];
  running.add(one);
  running.add(two);
  expect(running.reports().map(({ id }) => id)).toEqual(["one", "two"]);
  running.remove(one);
  running.remove(one);
  expect(running.reports().map(({ id }) => id)).toEqual(["two"]);
  expect(running.size).toBe(1);
});
