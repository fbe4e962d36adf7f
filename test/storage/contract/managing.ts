// Contract: folders are created, and entries are moved and removed atomically, without overwriting others.

import { describe, expect, test } from "bun:test";
import { ROOT } from "../../../src/path.ts";
import { codeOf, contentOf, entriesIn, file, folder, pathsOf, put } from "../driving.ts";
import type { Current } from "./current.ts";

export function managingContract(name: string, current: Current): void {
  const move = (from: string, to: string, replace = false) =>
    current.storage.move(file(from), file(to), { replace });
  const list = async (path: string) => pathsOf(await entriesIn(current.storage, folder(path)));

  describe(`${name}: makeFolder`, () => {
    test("creates a folder and its parents, once", async () => {
      const made = await current.storage.makeFolder(file("a/b/c"));
      expect(made).toMatchObject({ kind: "folder", path: folder("a/b/c") });
      expect(await current.storage.find(folder("a/b/c"))).toEqual(made);
      expect(await list("a/b")).toEqual(["a/b/c"]);
      expect(await codeOf(current.storage.makeFolder(file("a/b/c")))).toBe("name_taken");
      expect(await codeOf(current.storage.makeFolder(file("a")))).toBe("name_taken");
      await put(current.storage, "a/file", "x");
      expect(await codeOf(current.storage.makeFolder(file("a/file")))).toBe("name_taken");
      expect(await codeOf(current.storage.makeFolder(file("a/file/b")))).toBe("not_a_folder");
      expect(await contentOf(current.storage, "a/file")).toBe("x");
    });

    test("called concurrently for one name creates one folder", async () => {
      const all = await Promise.all(
        Array.from({ length: 20 }, () => codeOf(current.storage.makeFolder(file("a/b")))),
      );
      expect(all.filter((end) => end === "name_taken")).toHaveLength(19);
    });
  });

  describe(`${name}: move`, () => {
    test("renames a file, keeps its bytes and time, and creates missing folders", async () => {
      const { entry } = await put(current.storage, "a", "bytes");
      const moved = await move("a", "b/c/d");
      expect(moved).toMatchObject({ replaced: false, entry: { kind: "file", size: 5 } });
      expect(moved.entry.modified).toEqual(entry.modified);
      expect(await current.storage.find(file("b/c/d"))).toEqual(moved.entry);
      expect(await current.storage.find(file("a"))).toBeNull();
      expect(await contentOf(current.storage, "b/c/d")).toBe("bytes");
      await move("b/c/d", "b/c/D");
      expect(await list("b/c")).toEqual(["b/c/D"]);
    });

    test("renames a folder with its contents", async () => {
      await put(current.storage, "a/1", "one");
      await put(current.storage, "a/b/2", "two");
      await put(current.storage, "ab", "beside it");
      await current.storage.makeFolder(file("a/empty"));
      const moved = await move("a", "new/place");
      expect(moved).toMatchObject({ replaced: false, entry: { kind: "folder", path: folder("new/place") } });
      expect(await list("new/place")).toEqual(["new/place/1", "new/place/b", "new/place/empty"]);
      expect(await contentOf(current.storage, "new/place/b/2")).toBe("two");
      expect(await list("")).toEqual(["ab", "new"]);
      await move("new/place", "new/Place");
      expect(await list("new")).toEqual(["new/Place"]);
    });

    test("replaces a file only by a file, and only on request", async () => {
      await put(current.storage, "old", "old");
      await put(current.storage, "new", "new");
      await put(current.storage, "folder/file", "x");
      await current.storage.makeFolder(file("empty"));
      expect(await codeOf(move("new", "old"))).toBe("name_taken");
      expect(await codeOf(move("new", "folder"))).toBe("name_taken");
      expect(await codeOf(move("new", "empty"))).toBe("name_taken");
      expect(await codeOf(move("new", "empty", true))).toBe("is_folder");
      for (const replace of [false, true])
        for (const target of ["empty", "old"])
          expect(await codeOf(move("folder", target, replace))).toBe("name_taken");
      expect(await move("new", "old", true)).toMatchObject({ replaced: true });
      expect(await contentOf(current.storage, "old")).toBe("new");
      expect(await list("")).toEqual(["empty", "folder", "old"]);
      expect(await list("folder")).toEqual(["folder/file"]);
    });

    test("refuses to move a folder into itself, and a missing entry", async () => {
      await put(current.storage, "a/file", "x");
      expect(await codeOf(move("a", "a/b"))).toBe("into_itself");
      expect(await codeOf(move("a", "a/b/c/d", true))).toBe("into_itself");
      expect(await codeOf(move("a", "a"))).toBe("into_itself");
      expect(await codeOf(move("a/file", "a/file", true))).toBe("into_itself");
      expect(await codeOf(move("b", "c/d"))).toBe("not_found");
      expect(await codeOf(move("b/c", "c/d"))).toBe("not_found");
      expect(await codeOf(move("a/file/b", "c/d"))).toBe("not_found");
      expect(await codeOf(move("a", "a/file/b"))).toBe("into_itself");
      await put(current.storage, "b", "x");
      expect(await codeOf(move("b", "a/file/b"))).toBe("not_a_folder");
      expect(await list("")).toEqual(["a", "b"]);
      expect(await list("a")).toEqual(["a/file"]);
    });

    test("of many entries to one name concurrently: one succeeds, and nothing is lost", async () => {
      for (const replace of [false, true]) {
        const names = Array.from({ length: 12 }, (_, index) => `${index}`);
        for (const name of names)
          if (Number(name) % 3 === 0) await put(current.storage, `${name}/file`, name);
          else await put(current.storage, name, name);
        const ends = await Promise.all(names.map((name) => codeOf(move(name, "to", replace))));
        const moved = names.filter((_, index) => typeof ends[index] === "object");
        const stays = pathsOf(await entriesIn(current.storage, ROOT)).filter((path) => path !== "to");
        if (replace) expect(moved.length).toBeGreaterThan(0);
        else expect(moved).toHaveLength(1);
        expect(stays).toEqual(names.filter((name) => !moved.includes(name)).sort());
        await current.storage.remove(file("to"), { recursive: true });
        for (const path of stays) await current.storage.remove(file(path), { recursive: true });
      }
    });

    test("survives a restart", async () => {
      await put(current.storage, "a/file", "x");
      await move("a", "b");
      await move("b/file", "b/c/file");
      await current.reopen();
      expect(await list("")).toEqual(["b"]);
      expect(await contentOf(current.storage, "b/c/file")).toBe("x");
    });
  });

  describe(`${name}: setModified`, () => {
    test("sets the time of a file, whose ETag changes, and of a folder", async () => {
      const { storage } = current;
      const { entry } = await put(storage, "a/file", "x");
      const modified = new Date("2020-01-02T03:04:05.678Z");
      const set = await storage.setModified(file("a/file"), modified);
      expect(set).toMatchObject({ kind: "file", size: 1, modified });
      expect(set).not.toMatchObject({ etag: entry.etag });
      expect(await storage.find(file("a/file"))).toEqual(set);
      expect(await storage.setModified(file("a"), modified)).toMatchObject({ kind: "folder", modified });
      expect(await codeOf(storage.setModified(file("b"), modified))).toBe("not_found");
      expect(await codeOf(storage.setModified(file("a/file/b"), modified))).toBe("not_found");
    });
  });

  describe(`${name}: remove, of folders`, () => {
    const remove = (path: string) => current.storage.remove(file(path), { recursive: true });

    test("removes the contents, and nothing else", async () => {
      for (const path of ["a/b/c/d", "a/b/e", "a/f", "ab/g"]) await put(current.storage, path, path);
      await current.storage.makeFolder(file("a/empty"));
      expect(await codeOf(current.storage.remove(file("a")))).toBe("is_folder");
      expect(await codeOf(current.storage.remove(file("a/empty")))).toBe("is_folder");
      await remove("a");
      expect(await list("")).toEqual(["ab"]);
      expect(await codeOf(remove("a"))).toBe("not_found");
      await remove("ab/g");
      expect(await list("ab")).toEqual([]);
      expect(await codeOf(remove("ab/g"))).toBe("not_found");
      expect((await put(current.storage, "a/f", "again")).replaced).toBe(false);
    });
  });
}
