// A walk of a tree: order, links, entries that disappear during the walk, and aborting.

import { describe, expect, test } from "bun:test";
import { rm, symlink } from "node:fs/promises";
import { type WalkOptions, walk } from "../../../src/core/browse/walk.ts";
import { ROOT } from "../../../src/path.ts";
import type { Entry } from "../../../src/storage/entry.ts";
import { Skipped } from "../../../src/storage/listing/skipped.ts";
import { MemoryStorage } from "../../../src/storage/memory/memory.ts";
import { notReadable } from "../../../src/storage/problems.ts";
import type { Storage } from "../../../src/storage/storage.ts";
import { TemporaryRoot } from "../../storage/disk/temporary-root.ts";
import { codeOf, folder, put } from "../../storage/driving.ts";

async function paths(storage: Storage, below = "", options?: WalkOptions): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of walk(storage, folder(below), options)) found.push(entry.path);
  return found;
}

async function tree(storage: Storage): Promise<void> {
  for (const path of ["b/c/d.txt", "b/a.txt", "b.txt", "a/x", ".h/y", "a/.z"]) await put(storage, path, path);
}

describe.each([
  ["memory", async (check: (storage: Storage) => Promise<void>) => await check(new MemoryStorage())],
  [
    "disk",
    async (check: (storage: Storage) => Promise<void>) => {
      await using root = await TemporaryRoot.make();
      await check(await root.open());
    },
  ],
] as const)("in %s", (_name, within) => {
  test("a folder precedes its contents, names are sorted, the server's own folder is omitted", async () => {
    await within(async (storage) => {
      await tree(storage);
      const all = [".h", ".h/y", "a", "a/.z", "a/x", "b", "b/a.txt", "b/c", "b/c/d.txt", "b.txt"];
      expect(await paths(storage)).toEqual(all);
      expect(await paths(storage, "b")).toEqual(["b/a.txt", "b/c", "b/c/d.txt"]);
      const shown = all.filter((path) => !path.startsWith(".") && !path.includes("/."));
      expect(await paths(storage, "", { hidden: false })).toEqual(shown);
    });
  });

  test("a path that is not a folder is refused", async () => {
    await within(async (storage) => {
      await put(storage, "file", "x");
      expect(await codeOf(paths(storage, "nothing"))).toBe("not_found");
      expect(await codeOf(paths(storage, "file"))).toBe("not_a_folder");
    });
  });

  test("aborting ends the walk with the signal's reason, before any further access", async () => {
    await within(async (storage) => {
      await tree(storage);
      const stop = new AbortController();
      const reason = new Error("enough");
      const walking = walk(storage, ROOT, { signal: stop.signal });
      expect((await walking.next()).value?.path).toBe(folder(".h"));
      stop.abort(reason);
      await expect(walking.next()).rejects.toBe(reason);
      expect(await walking.next()).toEqual({ done: true, value: undefined });
    });
  });
});

test("links are reported but not followed, also when they lead up", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await root.open();
  await tree(storage);
  await symlink("..", root.in("b", "up"));
  await symlink("b", root.in("c"));
  await symlink("../b.txt", root.in("a", "y"));
  await symlink(root.outside, root.in("out"));
  const found: [string, Entry["kind"], true | undefined][] = [];
  for await (const { path, kind, link } of walk(storage, ROOT, { hidden: false }))
    found.push([path, kind, link]);
  expect(found).toEqual([
    ["a", "folder", undefined],
    ["a/x", "file", undefined],
    ["a/y", "file", true],
    ["b", "folder", undefined],
    ["b/a.txt", "file", undefined],
    ["b/c", "folder", undefined],
    ["b/c/d.txt", "file", undefined],
    ["b/up", "folder", true],
    ["b.txt", "file", undefined],
    ["c", "folder", true],
  ]);
});

test("a folder that is removed during the walk is skipped", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await root.open();
  await tree(storage);
  const found: string[] = [];
  for await (const { path } of walk(storage, ROOT, { hidden: false })) {
    found.push(path);
    if (path === "b/c") await rm(root.in("b", "c"), { recursive: true });
  }
  expect(found).toEqual(["a", "a/x", "b", "b/a.txt", "b/c", "b.txt"]);
});

test("a folder that the server may not read is skipped, counted and named; one that went away is not", async () => {
  const storage = new MemoryStorage();
  await tree(storage);
  const scan = storage.scan.bind(storage);
  storage.scan = (path) => scan(path === "b/c" ? folder("gone") : path);
  const skipped = new Skipped();
  expect(await paths(storage, "b", { skipped })).toEqual(["b/a.txt", "b/c"]);
  expect(skipped.count).toBe(0);
  storage.scan = (path) => {
    if (path === "b/c") throw notReadable(path);
    return scan(path);
  };
  expect(await paths(storage, "b", { skipped })).toEqual(["b/a.txt", "b/c"]);
  expect(skipped).toMatchObject({ count: 1, first: [{ path: "b/c", reason: "access" }] });
});
