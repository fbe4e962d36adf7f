// The trash on the disk: what a crash leaves, and entries that meet while they come and go.

import { expect, test } from "bun:test";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { newTrashId } from "../../../../src/storage/trash.ts";
import { file, put } from "../../driving.ts";
import { TemporaryRoot } from "../temporary-root.ts";
import { watchedCalls } from "../watched-calls.ts";

test("notes that a crash left in the trash are deleted, but not one whose entry is on its way", async () => {
  await using root = await TemporaryRoot.make();
  let look = async (): Promise<void> => {};
  const storage = await root.open({
    calls: watchedCalls(async (name, _, to) => {
      if (name === "rename" && String(to).endsWith(".entry")) await look();
    }),
  });
  await put(storage, "folder/a", "x");
  const { trash } = storage;
  const [kept, left] = [newTrashId(Date.now(), storage.age), newTrashId(Date.now(), storage.age)];
  await mkdir(root.in(".sluice/trash"));
  await writeFile(root.in(".sluice/trash", `${left}.note`), "{}");
  const seen: string[][] = [];
  look = async () => {
    expect(await trash.ids()).toEqual([]);
    seen.push(await readdir(root.in(".sluice/trash")));
  };
  await trash.put(file("folder"), kept, { recursive: true });
  expect(seen).toEqual([[`${kept}.note`]]);
  expect(await trash.ids()).toEqual([kept]);
  expect(await trash.find(kept)).toEqual({ path: file("folder"), kind: "folder" });
});
