// The age of a root: it continues over restarts and reboots, and never jumps with the clock of the system.

import { afterEach, expect, setSystemTime, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { uptime } from "node:os";
import { newTrashId } from "../../../../src/storage/trash.ts";
import { makeOlder } from "../../../support/age.ts";
import { file, put } from "../../driving.ts";
import { TemporaryRoot } from "../temporary-root.ts";

const DAY = 86_400_000;
/** Milliseconds within which a test should be done, and by which the machine's own clock of its uptime is coarse. */
const SLACK = 600_000;

afterEach(() => {
  setSystemTime();
});

test("a new root has the age zero, and grows older", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await root.open();
  const first = storage.age;
  expect(first).toBeGreaterThanOrEqual(0);
  expect(first).toBeLessThan(SLACK);
  await Bun.sleep(2);
  expect(storage.age).toBeGreaterThan(first);
});

test("a clock that is set forward or back does not change it, also over a restart", async () => {
  await using root = await TemporaryRoot.make();
  await root.open();
  for (const days of [400, -400]) {
    setSystemTime(Date.now() + days * DAY);
    const { age } = await root.reopen();
    expect(age).toBeGreaterThanOrEqual(0);
    expect(age).toBeLessThan(SLACK);
  }
});

test("it continues after a restart, and after a reboot with the time since that one", async () => {
  await using root = await TemporaryRoot.make();
  const { age } = await root.open();
  await root.close();
  await makeOlder(root.root, DAY);
  const restarted = await root.open();
  expect(restarted.age - age).toBeGreaterThanOrEqual(DAY);
  expect(restarted.age - age).toBeLessThan(DAY + SLACK);
  const before = restarted.age;
  const rebooted = await root.reopen({ boot: "another" });
  const since = process.platform === "linux" ? uptime() * 1000 : 0;
  expect(rebooted.age - before).toBeGreaterThanOrEqual(since - SLACK);
  expect(rebooted.age - before).toBeLessThan(since + SLACK);
});

test("without a record that can be read, it is that of the youngest entry of the trash", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await root.open();
  await put(storage, "a", "x");
  await storage.trash.put(file("a"), newTrashId(Date.now(), 5 * DAY), { recursive: false });
  for (const broken of ["", "{}", '{"age":-1,"boot":"x","uptime":0}', '{"age":"1"}']) {
    await root.close();
    await writeFile(root.in(".sluice/age"), broken);
    const { age } = await root.open();
    expect(age).toBeGreaterThanOrEqual(5 * DAY);
    expect(age).toBeLessThan(5 * DAY + SLACK);
  }
});
