// Worker threads: their priority.

import { expect, test } from "bun:test";
import * as os from "node:os";
import { lowerPriority } from "../../src/system/worker-thread.ts";

const LINUX = process.platform === "linux";

test("a thread lowers its priority by some steps, to the lowest at most", () => {
  const set: number[] = [];
  for (const priority of [0, 17])
    lowerPriority(5, {
      getPriority: () => priority,
      setPriority: (...given: unknown[]) => void set.push(Number(given.at(-1))),
    });
  expect(set).toEqual(LINUX ? [5, 19] : []);
});

test("where a sandbox forbids it, as systemd does with @resources, the thread works with the priority of the others", () => {
  let asked = 0;
  const forbid = (): never => {
    asked += 1;
    throw new Error("uv_os_setpriority returned EPERM");
  };
  expect(() => lowerPriority(5, { getPriority: os.getPriority, setPriority: forbid })).not.toThrow();
  expect(asked).toBe(LINUX ? 1 : 0);
});
