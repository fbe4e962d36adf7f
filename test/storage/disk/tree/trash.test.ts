// The trash on the disk: what a crash leaves, and entries that meet while they come and go.

import { expect, test } from "bun:test";
import { mkdir, readdir, rename, writeFile } from "node:fs/promises";
import { entryNameWithPath } from "../../../../src/storage/disk/tree/trash-names.ts";
import { newTrashId } from "../../../../src/storage/trash.ts";
import { codeOf, file, put } from "../../driving.ts";
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

test("after a list, the path of an entry without a sidecar is known without reading the folder again", async () => {
  await using root = await TemporaryRoot.make();
  let reads = 0;
  const storage = await root.open({
    calls: watchedCalls((name) => {
      if (name === "names") reads += 1;
    }),
  });
  const { trash } = storage;
  await mkdir(root.in(".sluice/trash"));
  const ids = [1, 2, 3].map((time) => newTrashId(time, storage.age));
  for (const id of ids) await writeFile(root.in(".sluice/trash", entryNameWithPath(id, file(`a/${id}`))), id);
  expect((await trash.ids()).sort()).toEqual(ids);
  reads = 0;
  for (const id of ids) expect(await trash.find(id)).toMatchObject({ path: file(`a/${id}`), size: 46 });
  const [first, second, third] = ids;
  if (!first || !second || !third) throw new Error("Three ids were made.");
  await trash.remove(first);
  await trash.restore(second, file("b"), { replace: false });
  expect(reads).toBe(0);
  expect([await trash.find(first), await trash.find(second)]).toEqual([null, null]);
  // Renamed by somebody else: the folder is read again.
  const at = (path: string) => root.in(".sluice/trash", entryNameWithPath(third, file(path)));
  await rename(at(`a/${third}`), at("c"));
  expect((await trash.find(third))?.path).toBe(file("c"));
});

test("an entry is measured without restoring it", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await root.open();
  const { trash } = storage;
  for (const [path, content] of [
    ["a/1", "12345"],
    ["a/b/2", "123"],
    ["c", "1"],
  ] as const)
    await put(storage, path, content);
  const [folder, single] = [newTrashId(1, storage.age), newTrashId(2, storage.age)];
  await trash.put(file("a"), folder, { recursive: true });
  await trash.put(file("c"), single, { recursive: false });
  expect([await trash.measure(folder), await trash.measure(single)]).toEqual([8, 1]);
  expect(await codeOf(trash.measure(newTrashId(3, storage.age)))).toBe("not_found");
});
