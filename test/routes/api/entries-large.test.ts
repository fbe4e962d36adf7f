// GET /api/entries of a very large folder: every entry once, in order, despite changes, without delaying other requests.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Listing, SearchResult, Usage } from "../../../src/routes/openapi/shapes.ts";
import { naturalOrder } from "../../../src/storage/listing/natural-order.ts";
import { bodyIn } from "../../support/answer.ts";
import { startServer, type TestServer } from "../../support/server.ts";
import { amount } from "../../support/switches.ts";

const COUNT = amount("ENTRIES", 20_000, 100_000);
const PAGES = COUNT / 1000;
/** The number of a file that a test searches for: an even one, so that its name begins with Ä. */
const LAST = COUNT - 2;
/** Number of pages between two changes of the folder. */
const STEP = PAGES / 5;
// Creating the files takes the longest, up to a minute on a slow disk.
const LONG = 240_000;

let server: TestServer;
const names = Array.from(
  { length: COUNT },
  (_, index) => `${index % 2 ? "file " : "Ä"}${(index * 7919) % COUNT}`,
);

beforeAll(async () => {
  server = await startServer();
  mkdirSync(join(server.root, "many"));
  for (const name of names) closeSync(openSync(join(server.root, "many", name), "w"));
  names.sort(naturalOrder);
}, LONG);
afterAll(() => server.stop(), LONG);

const page = async (query: string) =>
  await bodyIn(Listing, await server.fetch(`/api/entries?folder=many&${query}`));

test(
  "by name: every entry once, also while others are created and removed between pages",
  async () => {
    const seen: string[] = [];
    let cursor = "";
    for (let number = 0; number < PAGES + 10 && (number === 0 || cursor !== ""); number += 1) {
      const { entries, next } = await page(`limit=1000&cursor=${cursor}`.replace(/&cursor=$/, ""));
      seen.push(...entries.map(({ name }) => name));
      cursor = next ?? "";
      if (number % STEP !== STEP / 2) continue;
      // Changes an entry before the cursor and one after it, and removes and recreates the one that the cursor names.
      writeFileSync(join(server.root, "many", `!${number}`), "");
      writeFileSync(join(server.root, "many", `zz ${number}`), "");
      rmSync(join(server.root, "many", seen.at(-1) ?? ""));
      const { entries: behind } = await page(`limit=1&cursor=${cursor}`);
      expect(behind.map(({ name }) => name)).toEqual(names.slice(seen.length, seen.length + 1));
      writeFileSync(join(server.root, "many", seen.at(-1) ?? ""), "");
    }
    expect(cursor).toBe("");
    expect(seen.filter((name) => !name.startsWith("zz "))).toEqual(names);
    expect(seen.filter((name) => name.startsWith("zz ")).length).toBe(5);
    for (let number = STEP / 2; number < PAGES; number += STEP)
      for (const name of [`!${number}`, `zz ${number}`]) rmSync(join(server.root, "many", name));
  },
  LONG,
);

test(
  "the first page of every order is correct",
  async () => {
    const desc = await page("order=desc&limit=5");
    expect(desc.entries.map(({ name }) => name)).toEqual(names.slice(-5).toReversed());
    for (const sort of ["size", "kind"] as const) {
      const { entries } = await page(`sort=${sort}&limit=3`);
      expect(entries.map(({ name }) => name)).toEqual(names.slice(0, 3));
    }
    const { entries } = await page("sort=modified&order=desc&limit=1000&foldersFirst=true");
    const times = entries.map(({ modified }) => modified);
    expect(times).toEqual(times.toSorted().toReversed());
  },
  LONG,
);

test(
  "a small request is not delayed while the folder is read",
  async () => {
    let listing = true;
    const listed = page("sort=modified&limit=1").finally(() => {
      listing = false;
    });
    let answered = 0;
    while (listing) {
      expect((await server.fetch("/health")).status).toBe(200);
      answered += 1;
    }
    await listed;
    expect(answered).toBeGreaterThan(5);
  },
  LONG,
);

test(
  "a search and a folder size include all entries",
  async () => {
    const found = await bodyIn(SearchResult, await server.fetch(`/api/search?query=a${LAST}`));
    expect(found.entries.map(({ name }) => name)).toEqual([`Ä${LAST}`]);
    const { files, bytes } = await bodyIn(Usage, await server.fetch("/api/usage?folder=many"));
    expect([files, bytes]).toEqual([COUNT, 0]);
  },
  LONG,
);
