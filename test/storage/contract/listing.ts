// Contract: pages and scans of a folder contain every entry once, in order, despite changes.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { nameOf, ROOT } from "../../../src/path.ts";
import type { Entry } from "../../../src/storage/entry.ts";
import type { NameQuery } from "../../../src/storage/listing/name-query.ts";
import {
  comparePageKeys,
  isHidden,
  type PageKey,
  type PageQuery,
  pageKeyOf,
  SORTS,
} from "../../../src/storage/listing/paging.ts";
import type { Storage } from "../../../src/storage/storage.ts";
import { codeOf, entriesIn, file, folder, pathsOf, put } from "../driving.ts";
import type { Current } from "./current.ts";

const PLAIN: PageQuery = { sort: "name", order: "asc", foldersFirst: false, hidden: true, limit: 1000 };

const NAMES = [
  "file 10",
  "file 2",
  "File 2",
  "file 02",
  ".a",
  ".b.txt",
  "ä.txt",
  "é",
  "b.TXT",
  "c.txt",
  "日本",
  "z",
];

async function fillRoot(storage: Storage): Promise<void> {
  for (const [index, name] of NAMES.entries()) await put(storage, name, "x".repeat(index % 4));
  for (const path of ["sub 10/x", "sub 2/x", "e.txt/x", ".hidden/x"]) await put(storage, path, "x");
}

/** Lists all entries page by page. */
async function paged(
  storage: Storage,
  query: PageQuery,
  between?: (seen: Entry[]) => Promise<void>,
): Promise<Entry[]> {
  const seen: Entry[] = [];
  let after: PageKey | null = null;
  do {
    const { entries, next } = await storage.page(ROOT, { ...query, after: after ?? undefined });
    expect(entries.length).toBeLessThanOrEqual(query.limit);
    if (next) expect(entries.length).toBe(query.limit);
    seen.push(...entries);
    after = next;
    await between?.(seen);
  } while (after);
  return seen;
}

const queries = fc.record({
  sort: fc.constantFrom(...SORTS),
  order: fc.constantFrom("asc", "desc"),
  foldersFirst: fc.boolean(),
  hidden: fc.boolean(),
  limit: fc.integer({ min: 1, max: 20 }),
});

export function listingContract(name: string, current: Current): void {
  describe(`${name}: listing`, () => {
    test("pages of any order and length form the whole folder", async () => {
      await fillRoot(current.storage);
      const all = await entriesIn(current.storage, ROOT);
      expect(all.length).toBe(NAMES.length + 4);
      await fc.assert(
        fc.asyncProperty(queries, async (query) => {
          const expected = all
            .filter(({ path }) => query.hidden || !isHidden(nameOf(path)))
            .sort((a, b) => comparePageKeys(pageKeyOf(a, query), pageKeyOf(b, query), query.order));
          const found = await paged(current.storage, query);
          expect(found.map(({ path }) => path)).toEqual(expected.map(({ path }) => path));
          expect(found).toEqual(expected);
        }),
        { numRuns: 60 },
      );
    });

    test("entries that are created or removed between two pages do not repeat or hide others", async () => {
      await fillRoot(current.storage);
      const before = pathsOf(await entriesIn(current.storage, ROOT));
      let changes = 0;
      const gone = new Set<string>();
      const found = await paged(current.storage, { ...PLAIN, limit: 3 }, async (seen) => {
        changes += 1;
        await put(current.storage, `file ${changes}.new`, "x");
        // The entry after which the next page begins.
        const last = seen.at(-1);
        if (last?.kind !== "file" || gone.has(last.path)) return;
        gone.add(last.path);
        await current.storage.remove(last.path);
      });
      const paths = found.map(({ path }) => `${path}`);
      expect(new Set(paths).size).toBe(paths.length);
      expect(paths.filter((path) => !path.endsWith(".new")).sort()).toEqual(before);
      expect(gone.size).toBeGreaterThan(2);
    });

    test("a page can begin after any position, also one that no entry ever had", async () => {
      await fillRoot(current.storage);
      const all = await paged(current.storage, PLAIN);
      await fc.assert(
        fc.asyncProperty(queries, fc.string({ unit: "binary" }), async (query, after) => {
          const { entries } = await current.storage.page(ROOT, {
            ...query,
            sort: "name",
            after: [0, 0, after],
          });
          const behind = all.filter(
            (entry) =>
              (query.hidden || !isHidden(nameOf(entry.path))) &&
              comparePageKeys(pageKeyOf(entry, { ...query, sort: "name" }), [0, 0, after], query.order) > 0,
          );
          expect(entries.length).toBe(Math.min(query.limit, behind.length));
          for (const { path } of entries) expect(pathsOf(behind)).toContain(path);
        }),
        { numRuns: 100 },
      );
    });

    test("a position of another order returns some page", async () => {
      await fillRoot(current.storage);
      for (const after of [
        [1, "text", "a"],
        [5, 1, "a"],
        [-1, Number.NaN, ""],
      ] as const)
        for (const sort of SORTS)
          expect(await current.storage.page(ROOT, { ...PLAIN, sort, after })).toMatchObject({ next: null });
    });

    test("a scan returns every entry once, by name, and can be stopped early", async () => {
      await fillRoot(current.storage);
      const found = (await Array.fromAsync(current.storage.scan(ROOT))).flat();
      expect(found).toEqual(await paged(current.storage, PLAIN));
      for await (const entries of current.storage.scan(ROOT)) {
        expect(entries.length).toBeGreaterThan(0);
        break;
      }
      expect((await Array.fromAsync(current.storage.scan(folder("sub 2")))).flat()).toMatchObject([
        { path: file("sub 2/x"), size: 1 },
      ]);
    });

    test("a search finds names below a folder, depth-first and by name, by all words, kind and dot", async () => {
      const paths = ["b/f 10/x", "b/f 9/F1", "b/f 9/y", "B Ünf", "a", ".f/f2", "b/.f3", "c/no"];
      for (const path of paths) await put(current.storage, path, path);
      const search = async (words: string[], rest: Partial<NameQuery> = {}, at = ROOT): Promise<string[]> => {
        const query = { words, hidden: false, limit: 1000, ...rest };
        return (await Array.fromAsync(current.storage.search(at, query))).flat().map(({ path }) => path);
      };
      expect(await search(["F"])).toEqual(["b/f 9", "b/f 9/F1", "b/f 10", "B Ünf"]);
      expect(await search(["F"], { hidden: true })).toEqual([
        ".f",
        ".f/f2",
        "b/.f3",
        "b/f 9",
        "b/f 9/F1",
        "b/f 10",
        "B Ünf",
      ]);
      expect(await search(["F"], { kind: "file" })).toEqual(["b/f 9/F1", "B Ünf"]);
      expect(await search(["F"], { kind: "folder", limit: 1 })).toEqual(["b/f 9", "b/f 10"]);
      expect(await search(["UNF", "B"])).toEqual(["B Ünf"]);
      expect(await search(["NOTHING"])).toEqual([]);
      expect(await search(["F"], {}, folder("b"))).toEqual(["b/f 9", "b/f 9/F1", "b/f 10"]);
      const [entry] = (
        await Array.fromAsync(current.storage.search(ROOT, { words: ["NO"], hidden: false, limit: 1 }))
      ).flat();
      expect(entry).toEqual((await current.storage.find(file("c/no"))) ?? undefined);
    });

    test("a path that is not a folder is refused", async () => {
      await put(current.storage, "a", "a");
      for (const [path, code] of [
        ["b", "not_found"],
        ["a/b", "not_found"],
        ["a", "not_a_folder"],
      ] as const) {
        expect(await codeOf(current.storage.page(folder(path), PLAIN))).toBe(code);
        expect(await codeOf(Array.fromAsync(current.storage.scan(folder(path))))).toBe(code);
        const search = current.storage.search(folder(path), { words: ["A"], hidden: true, limit: 1 });
        expect(await codeOf(Array.fromAsync(search))).toBe(code);
      }
    });
  });
}
