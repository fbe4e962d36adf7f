// Contract: a copy has the same bytes under another name, and appears atomically.

import { describe, expect, test } from "bun:test";
import { ROOT } from "../../../src/path.ts";
import type { Storage } from "../../../src/storage/storage.ts";
import { bytes, chunksOf, difference, KIB, MIB } from "../bytes.ts";
import { codeOf, contentOf, entriesIn, file, fill, folder, pathsOf, put, reading } from "../driving.ts";
import type { Current } from "./current.ts";

const signal = new AbortController().signal;

/** Copies an entry in one call. */
export async function copy(storage: Storage, from: string, to: string, replace = false) {
  const copying = await storage.copy(file(from), file(to));
  try {
    const content = await copying.run({ signal, took: () => undefined });
    return { ...(await copying.finish(file(to), { replace })), content };
  } finally {
    await copying.discard();
  }
}

export function copyingContract(name: string, current: Current): void {
  const list = async (path: string) => pathsOf(await entriesIn(current.storage, folder(path)));

  describe(`${name}: copy`, () => {
    test("of a file has the same bytes, of any size, and an ETag of its own", async () => {
      for (const size of [0, 1, 64 * KIB, 5 * MIB + 1, 16 * MIB, 16 * MIB + 1, 33 * MIB + 17]) {
        const all = bytes(size, size);
        const upload = await current.storage.begin(file("a"));
        await fill(upload, chunksOf(all, MIB));
        const { entry } = await upload.finish(file("a"), { replace: true });
        const copied = await copy(current.storage, "a", "b/c", true);
        expect(copied).toMatchObject({ entry: { kind: "file", path: file("b/c"), size } });
        expect(copied.content).toMatchObject({ bytes: size, entries: 1, omitted: 0 });
        expect(copied.entry).not.toMatchObject({ etag: entry.etag });
        expect(await current.storage.find(file("b/c"))).toEqual(copied.entry);
        expect(difference(await reading(current.storage, "b/c", ({ body }) => body.bytes()), all)).toBeNull();
      }
    });

    test("of a folder contains all its entries, including hidden files and empty folders", async () => {
      const paths = ["a/1", "a/b/c/2", "a/b/.hidden", "a/empty file"];
      for (const path of paths) await put(current.storage, path, path.includes("empty") ? "" : path);
      await current.storage.makeFolder(file("a/empty/inner"));
      await put(current.storage, "ab", "beside it");
      const copied = await copy(current.storage, "a", "new/place");
      expect(copied).toMatchObject({ replaced: false, entry: { kind: "folder", path: folder("new/place") } });
      expect(copied.content).toMatchObject({ bytes: 3 + 7 + 11, entries: 9 });
      expect(await list("new/place")).toEqual(
        ["1", "b", "empty", "empty file"].map((at) => `new/place/${at}`),
      );
      expect(await list("new/place/empty")).toEqual(["new/place/empty/inner"]);
      for (const path of paths)
        expect(await contentOf(current.storage, path.replace("a", "new/place"))).toBe(
          await contentOf(current.storage, path),
        );
      await current.storage.remove(file("a"), { recursive: true });
      await current.reopen();
      expect(await contentOf(current.storage, "new/place/b/c/2")).toBe("a/b/c/2");
    });

    test("reports the bytes to copy and the copied bytes", async () => {
      for (let index = 0; index < 20; index += 1) await put(current.storage, `a/${index}`, "x".repeat(index));
      const copying = await current.storage.copy(file("a"), file("copy"));
      expect(copying.entry).toMatchObject({ kind: "folder", path: folder("a") });
      const content = await copying.measure(signal);
      expect(content).toMatchObject({ bytes: 190, entries: 21, omitted: 0 });
      expect(Math.abs(content.changed - Date.now())).toBeLessThan(60_000);
      let done = 0;
      const took = async (some: number) => {
        done += some;
      };
      expect(await copying.run({ signal, took })).toMatchObject({ bytes: 190, entries: 21 });
      expect(done).toBe(190);
      await copying.discard();
    });

    test("for a move removes its source, but not entries that were added or changed after it was copied", async () => {
      const { storage } = current;
      for (const path of ["a/same", "a/changed", "a/b/same", "a/c/same", "single"])
        await put(storage, path, path);
      for (const [from, to] of [
        ["a", "moved"],
        ["single", "alone"],
      ] as const) {
        const copying = await storage.copy(file(from), file(to));
        await copying.run({ signal, took: () => undefined, move: true });
        await copying.finish(file(to), { replace: false });
        if (from === "single") expect(await codeOf(copying.removeSource())).toHaveProperty("resolved");
        else {
          await storage.move(file("a/same"), file("aside"), { replace: false });
          await put(storage, "a/changed", "x".repeat("a/changed".length), true);
          await put(storage, "a/b/late", "late");
          expect(await codeOf(copying.removeSource())).toBe("source_changed");
        }
        await copying.discard();
      }
      expect(await list("")).toEqual(["a", "alone", "aside", "moved"]);
      expect(await list("a")).toEqual(["a/b", "a/changed"]);
      expect(await list("a/b")).toEqual(["a/b/late"]);
      expect(await list("moved")).toEqual(["moved/b", "moved/c", "moved/changed", "moved/same"]);
      expect(await contentOf(storage, "moved/changed")).toBe("a/changed");
      expect(await contentOf(storage, "a/changed")).toBe("x".repeat("a/changed".length));
    });

    test("is not visible before it is finished, and not at all if it is discarded", async () => {
      await put(current.storage, "a/file", "x");
      const { free } = await current.storage.space();
      for (const path of ["a", "a/file"]) {
        const copying = await current.storage.copy(file(path), file("copy"));
        expect(await codeOf(copying.finish(file("b"), { replace: false }))).toBe("storage_failed");
        await copying.run({ signal, took: () => undefined });
        expect(await list("")).toEqual(["a"]);
        await copying.discard();
        await copying.discard();
        expect(await list("")).toEqual(["a"]);
      }
      expect((await current.storage.space()).free).toBeGreaterThanOrEqual(free - 64 * MIB);
    });

    test("fails with the reason of its signal, or with an error of the caller's check", async () => {
      await put(current.storage, "a/file", "x");
      for (const path of ["a", "a/file"]) {
        const copying = await current.storage.copy(file(path), file("copy"));
        const refused = () => Promise.reject(new RangeError("refused"));
        await expect(copying.run({ signal, took: refused })).rejects.toThrow(RangeError);
        await copying.discard();
      }
      const copying = await current.storage.copy(file("a"), file("copy"));
      const aborted = AbortSignal.abort(new RangeError("no more"));
      await expect(copying.measure(aborted)).rejects.toThrow("no more");
      await expect(copying.run({ signal: aborted, took: () => undefined })).rejects.toThrow("no more");
      await copying.discard();
      expect(await list("")).toEqual(["a"]);
    });

    test("does not take an existing name, except that a file can replace a file", async () => {
      await put(current.storage, "a", "a");
      await put(current.storage, "b", "b");
      await put(current.storage, "folder/file", "x");
      const { storage } = current;
      expect(await codeOf(copy(storage, "a", "b"))).toBe("name_taken");
      expect(await codeOf(copy(storage, "a", "folder"))).toBe("name_taken");
      expect(await codeOf(copy(storage, "a", "folder", true))).toBe("is_folder");
      expect(await codeOf(copy(storage, "a", "b/c"))).toBe("not_a_folder");
      for (const replace of [false, true])
        for (const to of ["a", "folder"])
          expect(await codeOf(copy(storage, "folder", to, replace))).toBe("name_taken");
      expect(await copy(storage, "a", "b", true)).toMatchObject({ replaced: true });
      expect(await contentOf(storage, "b")).toBe("a");
      const copying = await storage.copy(file("folder"), file("copy"));
      await copying.run({ signal, took: () => undefined });
      expect(await codeOf(copying.finish(file("a"), { replace: true }))).toBe("name_taken");
      expect(await copying.finish(file("free"), { replace: false })).toMatchObject({ replaced: false });
      await copying.discard();
      expect(await contentOf(storage, "free/file")).toBe("x");
    });

    test("refuses a missing source", async () => {
      await put(current.storage, "a", "a");
      for (const path of ["b", "b/c", "a/b"])
        expect(await codeOf(current.storage.copy(file(path), file("copy")))).toBe("not_found");
    });

    test("copies the entry that existed when it began, even if its name is reused", async () => {
      await put(current.storage, "a/file", "old");
      const copying = await current.storage.copy(file("a/file"), file("copy"));
      await copying.run({ signal, took: () => undefined });
      await current.storage.remove(file("a"), { recursive: true });
      await copying.finish(file("b"), { replace: false });
      await copying.discard();
      expect(await contentOf(current.storage, "b")).toBe("old");
      expect(pathsOf(await entriesIn(current.storage, ROOT))).toEqual(["b"]);
    });
  });
}
