// The server is killed while an entry is replaced: at the next start it has its name again, or is in the trash.

import { expect, test } from "bun:test";
import { readdir, writeFile } from "node:fs/promises";
import type { DiskStorage } from "../../../../src/storage/disk/disk.ts";
import { trashPlace } from "../../../../src/storage/properties.ts";
import { newTrashId, type TrashId } from "../../../../src/storage/trash.ts";
import { contentOf, file, put } from "../../driving.ts";
import { TemporaryRoot } from "../temporary-root.ts";

async function putAside(storage: DiskStorage, path: string): Promise<TrashId> {
  const id = newTrashId(Date.now(), storage.age);
  await put(storage, `${path}/a`, "old");
  await storage.properties.change(file(`${path}/a`), { set: new Map([["{u}p", "<p/>"]]), remove: [] });
  await storage.trash.put(file(path), id, { recursive: true, aside: true });
  await storage.properties.move(file(path), trashPlace(id));
  return id;
}

/** Opens the root again, as after the end of a process. */
async function openAgain(root: TemporaryRoot, storage: DiskStorage) {
  await storage.close();
  const warnings: string[] = [];
  return { storage: await root.open({ warn: (message) => warnings.push(message) }), warnings };
}
const inTrash = (root: TemporaryRoot) => readdir(root.in(".sluice/trash"));

test("it has its name and its properties again", async () => {
  await using root = await TemporaryRoot.make();
  const before = await root.open();
  await putAside(before, "folder");
  const { storage, warnings } = await openAgain(root, before);
  expect(await contentOf(storage, "folder/a")).toBe("old");
  expect([...storage.properties.of(file("folder/a")).keys()]).toEqual(["{u}p"]);
  expect(warnings).toEqual([expect.stringContaining('"folder" was being replaced')]);
  expect(await inTrash(root)).toEqual([]);
});

test("it stays in the trash when its name was taken, also at later starts", async () => {
  await using root = await TemporaryRoot.make();
  const before = await root.open();
  const id = await putAside(before, "folder");
  await put(before, "folder/b", "new");
  const { storage, warnings } = await openAgain(root, before);
  expect(warnings).toEqual([expect.stringContaining("it is kept in the trash")]);
  await storage.remove(file("folder"), { recursive: true });
  const again = await openAgain(root, storage);
  expect(again.warnings).toEqual([]);
  expect(await again.storage.find(file("folder"))).toBeNull();
  await again.storage.trash.restore(id, file("folder"), { replace: false });
  expect(await contentOf(again.storage, "folder/a")).toBe("old");
  expect(await inTrash(root)).toEqual([]);
});

test("one that was replaced is removed, or kept as removed", async () => {
  await using root = await TemporaryRoot.make();
  const before = await root.open();
  const [kept, removed] = [await putAside(before, "kept"), await putAside(before, "removed")];
  await before.trash.keep(kept);
  await before.trash.remove(removed);
  const { storage, warnings } = await openAgain(root, before);
  expect(warnings).toEqual([]);
  expect(await storage.trash.ids()).toEqual([kept]);
  expect((await inTrash(root)).sort()).toEqual([`${kept}.entry`, `${kept}.note`]);
});

test("killed before it was moved, it leaves nothing in the trash", async () => {
  await using root = await TemporaryRoot.make();
  const before = await root.open();
  const id = newTrashId(Date.now(), before.age);
  await before.trash.remove(await putAside(before, "folder"));
  for (const name of [`${id}.aside`, `${id}.note`])
    await writeFile(root.in(".sluice/trash", name), '{"path":"a","kind":"file"}');
  await openAgain(root, before);
  expect(await inTrash(root)).toEqual([]);
});
