// A folder is replaced, or stays whatever happens.

import { expect, spyOn, test } from "bun:test";
import { defaults } from "../../../src/config/options.ts";
import { CopyOperation } from "../../../src/core/tree/copy.ts";
import { replaceEntry } from "../../../src/core/tree/replace-entry.ts";
import { Uploader } from "../../../src/core/upload/uploader.ts";
import { Problem } from "../../../src/errors.ts";
import { MemoryStorage } from "../../../src/storage/memory/memory.ts";
import { MemoryTrash } from "../../../src/storage/memory/trash.ts";
import { trashPlace } from "../../../src/storage/properties.ts";
import type { TrashId } from "../../../src/storage/trash.ts";
import { codeOf, contentOf, entriesIn, file, folder, pathsOf, put } from "../../storage/driving.ts";

const failing = (): Promise<never> => Promise.reject(new Problem("source_changed", "It changed."));

async function prepared() {
  const storage = new MemoryStorage();
  await put(storage, "a/1", "old");
  await put(storage, "b/2", "new");
  const uploader = new Uploader(storage, { ...defaults, keepFree: 0 });
  const move = () => storage.move(file("b"), file("a"), { replace: false });
  const list = async (path: string) => pathsOf(await entriesIn(storage, folder(path)));
  return { storage, uploader, move, list };
}

test("the old folder is deleted, or kept in the trash", async () => {
  for (const keep of [false, true]) {
    const { storage, uploader, move, list } = await prepared();
    await replaceEntry(uploader, file("a"), { keep }, move);
    expect(await list("a")).toEqual(["a/2"]);
    expect(await storage.trash.ids()).toHaveLength(keep ? 1 : 0);
  }
});

test("an old folder that cannot be deleted stays in the trash with its properties, as one that was removed", async () => {
  const { storage, uploader, move, list } = await prepared();
  await storage.properties.change(file("a"), { set: new Map([["{x}p", "value"]]), remove: [] });
  const kept: TrashId[] = [];
  using _remove = spyOn(MemoryTrash.prototype, "remove").mockRejectedValue(
    new Problem("no_access", "Denied."),
  );
  using _keep = spyOn(MemoryTrash.prototype, "keep").mockImplementation(async (id?: TrashId) => {
    if (id !== undefined) kept.push(id);
  });
  await replaceEntry(uploader, file("a"), { keep: false }, move);
  expect(await list("a")).toEqual(["a/2"]);
  expect(kept).toEqual(await storage.trash.ids());
  expect(kept.map((id) => [...storage.properties.of(trashPlace(id)).keys()])).toEqual([["{x}p"]]);
});

test("the old folder comes back when the step fails", async () => {
  const { storage, uploader, list } = await prepared();
  expect(await codeOf(replaceEntry(uploader, file("a"), { keep: false }, failing))).toBe("source_changed");
  expect(await list("")).toEqual(["a", "b"]);
  expect(await contentOf(storage, "a/1")).toBe("old");
  expect(await storage.trash.ids()).toEqual([]);
});

test("the old folder gets another name when its own was taken in the meantime", async () => {
  const { storage, uploader, list } = await prepared();
  const taken = async (): Promise<never> => {
    await put(storage, "a", "taken");
    return await failing();
  };
  expect(await codeOf(replaceEntry(uploader, file("a"), { keep: false }, taken))).toBe("source_changed");
  expect(await list("")).toEqual(["a", "a (1)", "b"]);
  expect(await contentOf(storage, "a (1)/1")).toBe("old");
});

test("the old folder comes back when somebody locks the folder above in the meantime", async () => {
  const { storage, uploader, list } = await prepared();
  const locked = async (): Promise<never> => {
    const { locks } = uploader;
    const { path, depth, scope } = { path: folder(""), depth: "0", scope: "exclusive" } as const;
    await locks.create({ path, depth, scope, owner: "", account: null, client: undefined, seconds: 60 });
    return await failing();
  };
  expect(await codeOf(replaceEntry(uploader, file("a"), { keep: false }, locked))).toBe("source_changed");
  expect(await list("")).toEqual(["a", "b"]);
  expect(await contentOf(storage, "a/1")).toBe("old");
});

test("a server that begins to stop waits until the old folder is back", async () => {
  const { uploader, list, move } = await prepared();
  let idle: Promise<string[]> | undefined;
  const draining = async () => {
    uploader.drain();
    idle = uploader.slots.idle().then(() => list("a"));
    await uploader.track(move);
  };
  expect(await codeOf(replaceEntry(uploader, file("a"), { keep: false }, draining))).toBe("draining");
  expect(await idle).toEqual(["a/1"]);
});

test("what a copy replaces stays in its place until everything is copied", async () => {
  const { uploader, list, storage } = await prepared();
  const request = { from: file("b"), to: file("a"), conflict: "replace", may: { replace: true } } as const;
  const copying = await CopyOperation.begin(uploader, request, true);
  await copying.run(new AbortController().signal, async (publish) => {
    expect(copying.bytes).toBe(3);
    expect(await list("a")).toEqual(["a/1"]);
    return await replaceEntry(uploader, file("a"), { keep: false }, publish);
  });
  expect(await list("a")).toEqual(["a/2"]);
  expect(await contentOf(storage, "b/2")).toBe("new");
});
