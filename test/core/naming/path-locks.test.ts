// Path locks: one step at a time per path, even after steps that failed.

import { expect, test } from "bun:test";
import { PathLocks } from "../../../src/core/naming/path-locks.ts";
import { checkFilePath } from "../../../src/path.ts";

const a = checkFilePath("a");
const b = checkFilePath("b");

test("steps for one path run one after another, in order", async () => {
  const locks = new PathLocks();
  const events: string[] = [];
  const step = (name: string) => async () => {
    events.push(`${name} begins`);
    await Bun.sleep(1);
    events.push(`${name} ends`);
    return name;
  };
  const results = await Promise.all(["1", "2", "3"].map((name) => locks.withLock(a, step(name))));
  expect(results).toEqual(["1", "2", "3"]);
  expect(events).toEqual(["1 begins", "1 ends", "2 begins", "2 ends", "3 begins", "3 ends"]);
});

test("other paths do not wait", async () => {
  const locks = new PathLocks();
  const gate = Promise.withResolvers<void>();
  const held = locks.withLock(a, () => gate.promise);
  expect(await locks.withLock(b, async () => "free")).toBe("free");
  gate.resolve();
  await held;
});

test("a step that fails releases the lock", async () => {
  const locks = new PathLocks();
  const failing = locks.withLock(a, async () => {
    throw new RangeError("no");
  });
  const next = locks.withLock(a, async () => "next");
  await expect(failing).rejects.toThrow(RangeError);
  expect(await next).toBe("next");
});

test("a released lock can be acquired again", async () => {
  const locks = new PathLocks();
  for (let turn = 0; turn < 3; turn += 1) expect(await locks.withLock(a, async () => turn)).toBe(turn);
});
