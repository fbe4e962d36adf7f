// Contract: an upload becomes a file, also with concurrent uploads.

import { describe, expect, test } from "bun:test";
import { ROOT } from "../../../src/path.ts";
import { bytes, chunksOf, KIB, MIB } from "../bytes.ts";
import { codeOf, contentOf, entriesIn, file, fill, folder, pathsOf, put, reading, text } from "../driving.ts";
import type { Current } from "./current.ts";

export function uploadContract(name: string, current: Current): void {
  describe(`${name}: an upload`, () => {
    test("becomes a file when it is finished, and is not visible before", async () => {
      const upload = await current.storage.begin(file("a.txt"));
      await fill(upload, [text("one "), text("two")]);
      expect(await current.storage.find(file("a.txt"))).toBeNull();
      expect(await current.storage.probe(file("a.txt"))).toBeNull();
      expect(await entriesIn(current.storage, ROOT)).toEqual([]);
      expect(await codeOf(current.storage.open(file("a.txt")))).toBe("not_found");

      const { entry, replaced } = await upload.finish(file("a.txt"), { replace: false });
      expect(replaced).toBe(false);
      expect(entry).toMatchObject({ kind: "file", path: file("a.txt"), size: 7 });
      expect(entry.etag).toMatch(/^"[\x21\x23-\x7e]+"$/);
      expect(Math.abs(entry.modified.getTime() - Date.now())).toBeLessThan(60_000);
      expect(await current.storage.find(file("a.txt"))).toEqual(entry);
      expect(await current.storage.probe(file("a.txt"))).toEqual(entry);
      expect(await entriesIn(current.storage, ROOT)).toEqual([entry]);
      expect(await reading(current.storage, "a.txt", (opened) => opened.entry)).toEqual(entry);
      expect(await contentOf(current.storage, "a.txt")).toBe("one two");
    });

    test("of zero bytes becomes an empty file, also when an empty chunk was appended", async () => {
      const upload = await current.storage.begin(file("empty"));
      await fill(upload, [new Uint8Array(0)]);
      expect((await upload.finish(file("empty"), { replace: false })).entry.size).toBe(0);
      expect((await put(current.storage, "nothing", "")).entry.size).toBe(0);
      expect(await contentOf(current.storage, "empty")).toBe("");
    });

    test("can be finished under another name than it was begun with", async () => {
      const upload = await current.storage.begin(file("asked"));
      await fill(upload, [text("x")]);
      await upload.finish(file("given"), { replace: false });
      expect(pathsOf(await entriesIn(current.storage, ROOT))).toEqual(["given"]);
    });

    test("can use another name after name_taken, which does not change the existing file", async () => {
      await put(current.storage, "a.txt", "old");
      const upload = await current.storage.begin(file("a.txt"));
      await fill(upload, [text("new")]);
      expect(await codeOf(upload.finish(file("a.txt"), { replace: false }))).toBe("name_taken");
      expect(await codeOf(upload.finish(file("a.txt"), { replace: false }))).toBe("name_taken");
      await upload.finish(file("b.txt"), { replace: false });
      expect(await contentOf(current.storage, "a.txt")).toBe("old");
      expect(await contentOf(current.storage, "b.txt")).toBe("new");
    });

    test("replaces only on request", async () => {
      await put(current.storage, "a.txt", "old");
      expect(await codeOf(put(current.storage, "a.txt", "new"))).toBe("name_taken");
      expect(await contentOf(current.storage, "a.txt")).toBe("old");
      expect((await put(current.storage, "a.txt", "new", true)).replaced).toBe(true);
      expect(await contentOf(current.storage, "a.txt")).toBe("new");
      expect((await put(current.storage, "fresh.txt", "new", true)).replaced).toBe(false);
    });

    test("never takes the name of a folder", async () => {
      await put(current.storage, "folder/a.txt", "a");
      expect(await codeOf(put(current.storage, "folder", "x", true))).toBe("is_folder");
      expect(await codeOf(put(current.storage, "folder", "x", false))).toBe("name_taken");
      expect(pathsOf(await entriesIn(current.storage, ROOT))).toEqual(["folder"]);
    });

    test("creates its parent folders, but none below a file", async () => {
      await put(current.storage, "one/two/three/a.txt", "a");
      expect(pathsOf(await entriesIn(current.storage, ROOT))).toEqual(["one"]);
      expect(pathsOf(await entriesIn(current.storage, folder("one/two")))).toEqual(["one/two/three"]);
      expect((await current.storage.find(folder("one/two")))?.kind).toBe("folder");
      expect(await codeOf(put(current.storage, "one/two/three/a.txt/b.txt", "b"))).toBe("not_a_folder");
      expect(await codeOf(put(current.storage, "one/two/three/a.txt/b/c.txt", "b", true))).toBe(
        "not_a_folder",
      );
      expect(await contentOf(current.storage, "one/two/three/a.txt")).toBe("a");
    });

    test("is the only one of 64 concurrent ones that gets a name", async () => {
      const uploads = await Promise.all(
        Array.from({ length: 64 }, () => current.storage.begin(file("deep/a.txt"))),
      );
      await Promise.all(uploads.map((upload, index) => fill(upload, [text(`upload ${index}`)])));
      const ends = await Promise.all(
        uploads.map((upload) => codeOf(upload.finish(file("deep/a.txt"), { replace: false }))),
      );
      const winners = ends.flatMap((end, index) => (end === "name_taken" ? [] : [index]));
      expect(winners).toHaveLength(1);
      expect(await contentOf(current.storage, "deep/a.txt")).toBe(`upload ${winners[0]}`);
      await Promise.all(uploads.map((upload) => upload.discard()));
      expect(pathsOf(await entriesIn(current.storage, folder("deep")))).toEqual(["deep/a.txt"]);
    });

    test("is never partially visible while 16 uploads replace one file", async () => {
      const contents = Array.from({ length: 16 }, (_, index) => `${index}`.repeat(200_000));
      await put(current.storage, "a.txt", "first");
      let replacing = true;
      const read = async (): Promise<Set<string>> => {
        const seen = new Set<string>();
        while (replacing) {
          seen.add(await contentOf(current.storage, "a.txt"));
          for (const entry of await entriesIn(current.storage, ROOT)) seen.add(`listed: ${entry.path}`);
          seen.add(`found: ${(await current.storage.find(file("a.txt")))?.path}`);
        }
        return seen;
      };
      const write = async (): Promise<boolean[]> => {
        try {
          const puts = contents.map((content) => put(current.storage, "a.txt", content, true));
          return (await Promise.all(puts)).map(({ replaced }) => replaced);
        } finally {
          replacing = false;
        }
      };
      const [seen, replaced] = await Promise.all([read(), write()]);
      expect(new Set(replaced)).toEqual(new Set([true]));
      const allowed = new Set(["first", "listed: a.txt", "found: a.txt", ...contents]);
      expect([...seen].filter((content) => !allowed.has(content))).toEqual([]);
      expect(seen).toContain("listed: a.txt");
    });

    test("reports saved bytes and times that never decrease", async () => {
      const upload = await current.storage.begin(file("a"));
      let before = { saved: 0, ...upload.work };
      for (const chunk of chunksOf(bytes(8 * MIB), 64 * KIB)) {
        await upload.append(chunk);
        const after = { saved: upload.saved, ...upload.work };
        for (const [key, value] of Object.entries(before)) {
          expect(Object.entries(after).find(([other]) => other === key)?.[1]).toBeGreaterThanOrEqual(value);
        }
        expect(upload.saved).toBeLessThanOrEqual(8 * MIB);
        before = after;
      }
      await upload.finish(file("a"), { replace: false });
      expect(upload.saved).toBe(8 * MIB);
    });
  });
}
