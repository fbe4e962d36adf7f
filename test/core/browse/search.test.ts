// Search by name: matching, what ends a search early, and that no search continues after its end.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Search, type SearchEnd, type SearchQuery } from "../../../src/core/browse/search.ts";
import { ROOT } from "../../../src/path.ts";
import type { Entry } from "../../../src/storage/entry.ts";
import { fold, matchesName } from "../../../src/storage/listing/name-query.ts";
import type { SkippedEntries } from "../../../src/storage/listing/skipped.ts";
import { MemoryStorage } from "../../../src/storage/memory/memory.ts";
import { codeOf, file, folder, put } from "../../storage/driving.ts";

const NEVER = new AbortController().signal;

async function storageWith(...paths: string[]): Promise<MemoryStorage> {
  const storage = new MemoryStorage();
  for (const path of paths) await put(storage, path, "x");
  return storage;
}

async function found(
  searches: Search,
  query: string,
  options: Partial<SearchQuery> = {},
): Promise<{ paths: string[] } & SearchEnd> {
  const finding = searches.find({ query, folder: ROOT, hidden: false, limit: 100, ...options }, NEVER);
  const paths: string[] = [];
  for (;;) {
    const { value, done } = await finding.next();
    if (done) return { paths, ...value };
    paths.push(value.path);
  }
}

const WHOLE = { complete: true, reason: null };

describe("matches", () => {
  test.each([
    ["résumé.pdf", "RESUME"],
    ["RÉSUMÉ.PDF", "résumé"],
    ["Straße", "STRASSE"],
    ["ΟΔΟΣ", "οδος"],
    ["ﬁle ①", "file 1"],
    ["İstanbul", "istanbul"],
    ["Crème Brûlée 2026.jpg", "2026 creme"],
    ["日本語", "本"],
  ])("%p by %p", async (name, query) => {
    const searches = new Search(await storageWith(name, "other"));
    expect(await found(searches, query)).toEqual({ paths: [name.normalize("NFC")], ...WHOLE });
  });

  test("all words in any order, in the name but not in the folders above", async () => {
    const searches = new Search(await storageWith("winter/2026.txt", "winter/winter 2026.txt", "x/y"));
    expect((await found(searches, "2026 winter")).paths).toEqual(["winter/winter 2026.txt"]);
    expect((await found(searches, "winter")).paths).toEqual(["winter", "winter/winter 2026.txt"]);
    expect((await found(searches, "winter", { kind: "folder" })).paths).toEqual(["winter"]);
    expect((await found(searches, "2", { kind: "file", folder: folder("winter") })).paths).toEqual([
      "winter/2026.txt",
      "winter/winter 2026.txt",
    ]);
  });

  test("hidden entries and entries below hidden folders only on request", async () => {
    const searches = new Search(await storageWith(".git/config", "config", ".config"));
    expect((await found(searches, "config")).paths).toEqual(["config"]);
    expect((await found(searches, "config", { hidden: true })).paths.toSorted()).toEqual([
      ".config",
      ".git/config",
      "config",
    ]);
  });

  test("folding gives the same result for every case of a text, and is idempotent", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(fold(fold(text))).toBe(fold(text));
        expect(fold(text.toUpperCase())).toBe(fold(text));
        expect(fold(text.normalize("NFD"))).toBe(fold(text.normalize("NFC")));
      }),
      { numRuns: 5000 },
    );
  });
});

describe("a search ends", () => {
  test("as incomplete at the limit, but only if there are more matches", async () => {
    const searches = new Search(await storageWith("a1", "a2", "a3"));
    expect(await found(searches, "a", { limit: 3 })).toEqual({ paths: ["a1", "a2", "a3"], ...WHOLE });
    const cut = { complete: false, reason: "limit" as const };
    expect(await found(searches, "a", { limit: 2 })).toEqual({ paths: ["a1", "a2"], ...cut });
  });

  /** A storage with an endless folder. */
  class Endless extends MemoryStorage {
    left = false;
    override async *search(
      ...[, query]: Parameters<MemoryStorage["search"]>
    ): AsyncGenerator<Entry[], SkippedEntries, void> {
      try {
        for (let number = 0; ; number += 1) {
          await new Promise<void>((resolve) => setImmediate(resolve));
          const path = file(`${number}`);
          if (!matchesName(query, path)) yield [];
          else yield [{ kind: "file", path, size: 0, modified: new Date(0), etag: '""' }];
        }
      } finally {
        this.left = true;
      }
    }
  }

  test("after the time limit with the matches found so far", async () => {
    const storage = new Endless();
    const searches = new Search(storage, 1);
    const { paths, ...end } = await found(searches, "7", { limit: 1e9 });
    expect(end).toEqual({ complete: false, reason: "time" });
    expect(paths[0]).toBe("7");
    expect([storage.left, searches.running]).toEqual([true, 0]);
  });

  test("when the client disconnects", async () => {
    const storage = new Endless();
    const searches = new Search(storage);
    const stop = new AbortController();
    const query = { query: "never found", folder: ROOT, hidden: false, limit: 1 };
    const waiting = searches.find(query, stop.signal).next();
    const reason = new Error("gone");
    setTimeout(() => stop.abort(reason), 10);
    expect(await waiting.catch((error: unknown) => error)).toBe(reason);
    expect([storage.left, searches.running]).toEqual([true, 0]);
  });

  test("a ninth concurrent search is refused until another one ends", async () => {
    const searches = new Search(new Endless());
    const query = { query: "1", folder: ROOT, hidden: false, limit: 1e9 };
    const running = Array.from({ length: 8 }, () => searches.find(query, NEVER));
    for (const finding of running) expect((await finding.next()).value).toMatchObject({ path: file("1") });
    expect(await codeOf(searches.find(query, NEVER).next())).toBe("too_many_searches");
    await running[0]?.return({ complete: false, reason: null });
    const ninth = searches.find(query, NEVER);
    expect((await ninth.next()).done).toBe(false);
    for (const finding of [...running, ninth]) await finding.return({ complete: false, reason: null });
    expect(searches.running).toBe(0);
  });
});

test("empty and too long queries are refused with a pointer", async () => {
  const searches = new Search(new MemoryStorage());
  for (const query of ["", "  ", "\u0301", "a ".repeat(17)]) {
    const refused = searches.find({ query, folder: ROOT, hidden: false, limit: 1 }, NEVER).next();
    expect(await refused.catch((error: unknown) => error)).toMatchObject({
      code: "invalid_request",
      errors: [{ pointer: "/query/query" }],
    });
  }
});
