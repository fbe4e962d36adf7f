// Leftovers of an earlier run: deleted beside serving.

import { expect, test } from "bun:test";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { openDisk } from "../../../../src/storage/disk/disk.ts";
import { contentOf, put } from "../../driving.ts";
import { Gate, until } from "../../until.ts";
import { TemporaryRoot } from "../temporary-root.ts";
import { watchedCalls } from "../watched-calls.ts";

const LEFT = 50;

test("a start waits for none of them, and a stop for the one that is being deleted", async () => {
  await using root = await TemporaryRoot.make();
  const uploads = root.in(".sluice/uploads");
  await mkdir(uploads, { recursive: true });
  for (let index = 0; index < LEFT; index += 1)
    await writeFile(root.in(".sluice/uploads", `left${index}`), "x");
  const gate = new Gate();
  const calls = watchedCalls(async (name, path) => {
    if (name.startsWith("unlink") && String(path).includes("/left")) await gate.pass();
  });
  const storage = await openDisk(root.root, { calls });
  expect(await readdir(uploads)).toHaveLength(LEFT);
  await until("the first one is being deleted", () => gate.waiting === 1);
  await put(storage, "a", "x");
  expect(await contentOf(storage, "a")).toBe("x");
  const closed = storage.close();
  gate.open();
  await closed;
  expect(await readdir(uploads)).toHaveLength(LEFT - 1);
  await root.open();
  expect(await root.temporaries()).toEqual([]);
});
