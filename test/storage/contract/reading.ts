// Contract: reading, removing, entity tags, and restarts.

import { describe, expect, test } from "bun:test";
import { ROOT } from "../../../src/path.ts";
import { codeOf, contentOf, entriesIn, file, fill, folder, pathsOf, put, reading, text } from "../driving.ts";
import type { Current } from "./current.ts";

export function readingContract(name: string, current: Current): void {
  describe(`${name}: reading`, () => {
    test("finds files, folders and the root, and nothing else", async () => {
      await put(current.storage, "folder/a.txt", "a");
      expect((await current.storage.find(ROOT))?.kind).toBe("folder");
      expect(await current.storage.find(folder("folder"))).toMatchObject({
        kind: "folder",
        path: folder("folder"),
      });
      expect((await current.storage.find(file("folder/a.txt")))?.kind).toBe("file");
      for (const path of ["b", "folder/b", "b/a.txt", "folder/a.txt/b", "Folder", "folde"])
        expect(await current.storage.find(file(path))).toBeNull();
    });

    test("lists the entries of a folder, not of its subfolders or siblings", async () => {
      for (const path of ["a", "ab", "a.b/c", "b/a", "b/ab", "b/c/d", "b/c/e", "bc/a", "b .x"])
        await put(current.storage, path, path);
      expect(pathsOf(await entriesIn(current.storage, ROOT))).toEqual(["a", "a.b", "ab", "b", "b .x", "bc"]);
      expect(pathsOf(await entriesIn(current.storage, folder("b")))).toEqual(["b/a", "b/ab", "b/c"]);
      expect(pathsOf(await entriesIn(current.storage, folder("b/c")))).toEqual(["b/c/d", "b/c/e"]);
      expect(await codeOf(entriesIn(current.storage, folder("c")))).toBe("not_found");
      expect(await codeOf(entriesIn(current.storage, folder("a")))).toBe("not_a_folder");
    });

    test("lists an empty root and 300 files", async () => {
      expect(await entriesIn(current.storage, ROOT)).toEqual([]);
      const paths = Array.from({ length: 300 }, (_, index) => `many/${index}`);
      await Promise.all(paths.map((path) => put(current.storage, path, path)));
      expect(pathsOf(await entriesIn(current.storage, folder("many")))).toEqual(paths.sort());
    });

    test("opens files only", async () => {
      await put(current.storage, "folder/a", "a");
      expect(await codeOf(current.storage.open(file("folder")))).toBe("is_folder");
      expect(await codeOf(current.storage.open(file("b")))).toBe("not_found");
      expect(await codeOf(current.storage.open(file("folder/a/b")))).toBe("not_found");
    });

    test("reads a part of a file", async () => {
      await put(current.storage, "a", "0123456789");
      expect(await reading(current.storage, "a", ({ body }) => body.slice(2, 5).text())).toBe("234");
    });

    test("keeps names in every script unchanged", async () => {
      const names = [
        "ümlaut",
        "日本語",
        "😀",
        "a b",
        "%2e%2e",
        '"*:<>?|',
        "-rf",
        ".hidden",
        "a'b;$(x)`y`",
        "עברית",
      ];
      for (const path of names) await put(current.storage, path, path);
      expect(pathsOf(await entriesIn(current.storage, ROOT))).toEqual(names.sort());
      for (const path of names) expect(await contentOf(current.storage, path)).toBe(path);
    });
  });

  describe(`${name}: probe`, () => {
    test("returns the existing entry, or why nothing can be written there", async () => {
      await put(current.storage, "folder/a", "a");
      expect(await current.storage.probe(file("new/path/a"))).toBeNull();
      expect((await current.storage.probe(file("folder")))?.kind).toBe("folder");
      expect(await codeOf(current.storage.probe(file("folder/a/b")))).toBe("not_a_folder");
      expect(await codeOf(current.storage.probe(file("folder/a/b/c")))).toBe("not_a_folder");
    });
  });

  describe(`${name}: remove`, () => {
    test("removes a file and nothing else", async () => {
      await put(current.storage, "folder/a", "a");
      await put(current.storage, "folder/b", "b");
      await current.storage.remove(file("folder/a"));
      expect(pathsOf(await entriesIn(current.storage, folder("folder")))).toEqual(["folder/b"]);
      expect(await codeOf(current.storage.remove(file("folder/a")))).toBe("not_found");
      expect(await codeOf(current.storage.remove(file("nowhere/a")))).toBe("not_found");
      expect(await codeOf(current.storage.remove(file("folder/b/c")))).toBe("not_found");
      expect(await codeOf(current.storage.remove(file("folder")))).toBe("is_folder");
      expect((await put(current.storage, "folder/a", "again")).replaced).toBe(false);
    });
  });

  describe(`${name}: an ETag`, () => {
    test("differs for other bytes of the same length, and for a reused name", async () => {
      const tags = new Set<string>();
      for (let round = 0; round < 20; round += 1)
        tags.add((await put(current.storage, "a", `${round % 10}`, true)).entry.etag);
      await current.storage.remove(file("a"));
      tags.add((await put(current.storage, "a", "0")).entry.etag);
      expect(tags.size).toBe(21);
    });

    test("is the same after a restart, like all entries", async () => {
      const { entry } = await put(current.storage, "folder/a", "a");
      const upload = await current.storage.begin(file("unfinished"));
      await fill(upload, [text("x")]);
      await upload.discard();
      await current.reopen();
      expect(await current.storage.find(file("folder/a"))).toEqual(entry);
      expect(await entriesIn(current.storage, folder("folder"))).toEqual([entry]);
      expect(await reading(current.storage, "folder/a", ({ entry }) => entry)).toEqual(entry);
      expect(pathsOf(await entriesIn(current.storage, ROOT))).toEqual(["folder"]);
      expect((await put(current.storage, "folder/a", "b", true)).entry.etag).not.toBe(entry.etag);
    });
  });

  describe(`${name}: the storage`, () => {
    test("reports the free space", async () => {
      const { free, total } = await current.storage.space();
      expect(free).toBeGreaterThan(0);
      expect(total).toBeGreaterThanOrEqual(free);
    });

    test("checks that it is writable without leaving a trace", async () => {
      await Promise.all([current.storage.check(), current.storage.check()]);
      expect(await entriesIn(current.storage, ROOT)).toEqual([]);
    });

    test("refuses uploads after it was closed, and may be closed twice", async () => {
      await Promise.all([current.storage.close(), current.storage.close()]);
      await current.storage.close();
      expect(await codeOf(current.storage.begin(file("a")))).toBe("storage_gone");
      expect(await codeOf(current.storage.check())).toBe("storage_gone");
    });
  });
}
