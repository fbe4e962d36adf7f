// Pages of a folder: natural order, cursors that survive changes, and every entry exactly once.

import { describe, expect, test } from "bun:test";
import { LISTING, type ListingOptions, listFolder } from "../../../src/core/browse/listing.ts";
import { checkFilePath, checkFolderPath, ROOT } from "../../../src/path.ts";
import { MemoryStorage } from "../../../src/storage/memory/memory.ts";

/** A storage with files of these sizes; paths may contain folders. */
async function storageWith(files: Record<string, number>): Promise<MemoryStorage> {
  const storage = new MemoryStorage();
  for (const [path, size] of Object.entries(files)) await save(storage, path, size);
  return storage;
}

async function save(storage: MemoryStorage, path: string, size = 1): Promise<void> {
  const target = checkFilePath(path);
  const upload = await storage.begin(target);
  await upload.append(new Uint8Array(size));
  await upload.finish(target, { replace: false });
}

async function names(
  storage: MemoryStorage,
  options: Partial<ListingOptions> = {},
  folder = "",
): Promise<string[]> {
  const { entries } = await listFolder(storage, checkFolderPath(folder), { ...LISTING, ...options });
  return entries.map(({ name }) => name);
}

/** Follows `next` to the last page. */
async function pages(storage: MemoryStorage, options: Partial<ListingOptions>): Promise<string[][]> {
  const all: string[][] = [];
  let cursor: string | undefined;
  do {
    const { entries, next } = await listFolder(storage, ROOT, { ...LISTING, ...options, cursor });
    all.push(entries.map(({ name }) => name));
    cursor = next ?? undefined;
  } while (cursor !== undefined && all.length < 100);
  return all;
}

const MIXED = {
  "file 10": 3,
  "file 2": 30,
  "File 1": 1,
  "ä.txt": 5,
  "b.jpg": 5,
  "sub/x": 1,
  ".hidden": 1,
  "a.jpg": 2,
};

describe("order", () => {
  test("by name in natural order, folders among the files", async () => {
    expect(await names(await storageWith(MIXED))).toEqual([
      "a.jpg",
      "ä.txt",
      "b.jpg",
      "File 1",
      "file 2",
      "file 10",
      "sub",
    ]);
  });

  test("descending is the exact reverse", async () => {
    const storage = await storageWith(MIXED);
    for (const sort of ["name", "size", "modified", "kind"] as const) {
      const up = await names(storage, { sort });
      expect(await names(storage, { sort, order: "desc" })).toEqual(up.toReversed());
    }
  });

  test("by size, equal sizes by name, folders like empty files", async () => {
    expect(await names(await storageWith(MIXED), { sort: "size" })).toEqual([
      "sub",
      "File 1",
      "a.jpg",
      "file 10",
      "ä.txt",
      "b.jpg",
      "file 2",
    ]);
  });

  test("by kind: folders, then without extension, then by extension", async () => {
    expect(await names(await storageWith(MIXED), { sort: "kind" })).toEqual([
      "File 1",
      "file 2",
      "file 10",
      "sub",
      "a.jpg",
      "b.jpg",
      "ä.txt",
    ]);
  });

  test("folders first stay first in both directions", async () => {
    const storage = await storageWith({ "a/x": 1, "z/x": 1, m: 1, b: 1 });
    expect(await names(storage, { foldersFirst: true })).toEqual(["a", "z", "b", "m"]);
    expect(await names(storage, { foldersFirst: true, order: "desc" })).toEqual(["z", "a", "m", "b"]);
  });

  test("names that compare as equal are all listed", async () => {
    const same = { "01": 1, "1": 1, "001": 1 };
    expect((await names(await storageWith(same))).toSorted()).toEqual(["001", "01", "1"]);
    const single = (await pages(await storageWith(same), { limit: 1 })).flat();
    expect(single.toSorted()).toEqual(["001", "01", "1"]);
  });
});

test("hidden entries are listed only on request", async () => {
  const storage = await storageWith({ ".a": 1, b: 1, ".c/x": 1 });
  expect(await names(storage)).toEqual(["b"]);
  expect(await names(storage, { hidden: true })).toEqual([".a", ".c", "b"]);
});

describe("pages", () => {
  const many = Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`f${index}`, index % 3]));

  test.each(["name", "size", "modified", "kind"] as const)(
    "by %s: every entry once, in the order of one page",
    async (sort) => {
      const storage = await storageWith(many);
      for (const order of ["asc", "desc"] as const) {
        const found = await pages(storage, { sort, order, limit: 4 });
        expect(found.map((page) => page.length)).toEqual([4, 4, 4, 4, 4, 4, 1]);
        expect(found.flat()).toEqual(await names(storage, { sort, order }));
      }
    },
  );

  test("a page that is exactly full is the last one", async () => {
    expect(await pages(await storageWith({ a: 1, b: 1 }), { limit: 2 })).toEqual([["a", "b"]]);
  });

  test("entries that are created or removed between two pages do not repeat or hide others", async () => {
    const storage = await storageWith({ a: 1, c: 1, e: 1, g: 1 });
    const first = await listFolder(storage, ROOT, { ...LISTING, limit: 2 });
    await save(storage, "b");
    await save(storage, "d");
    await storage.remove(checkFilePath("c"));
    const second = await listFolder(storage, ROOT, { ...LISTING, cursor: first.next ?? "" });
    expect(first.entries.map(({ name }) => name)).toEqual(["a", "c"]);
    expect(second.entries.map(({ name }) => name)).toEqual(["d", "e", "g"]);
  });

  test.each([
    "",
    "nonsense",
    "%%%",
    Buffer.from("[]").toString("base64url"),
    Buffer.from('[0,{},"a"]').toString("base64url"),
    Buffer.from('["0",0,"a"]').toString("base64url"),
    Buffer.from("[".repeat(5000)).toString("base64url"),
  ])("the cursor %p is refused with a pointer", async (cursor) => {
    const listing = listFolder(new MemoryStorage(), ROOT, { ...LISTING, cursor });
    await expect(listing).rejects.toMatchObject({
      code: "invalid_request",
      status: 400,
      errors: [{ pointer: "/query/cursor" }],
    });
  });
});

describe("entries", () => {
  test("a file has size and etag, a folder has neither; URLs are encoded", async () => {
    const storage = await storageWith({ "a b/c#d.txt": 7 });
    const [folder] = (await listFolder(storage, ROOT, LISTING)).entries;
    expect(folder).toEqual({
      path: "a b",
      name: "a b",
      kind: "folder",
      modified: expect.stringMatching(/^\d{4}-.*Z$/),
      url: "/files/a%20b/",
    });
    const [file] = (await listFolder(storage, checkFolderPath("a b"), LISTING)).entries;
    expect(file).toMatchObject({ path: "a b/c#d.txt", name: "c#d.txt", kind: "file", size: 7 });
    expect(file?.url).toBe("/files/a%20b/c%23d.txt");
    expect(file?.etag).toMatch(/^".+"$/);
  });

  test("a path that is not a folder is refused", async () => {
    const storage = await storageWith({ a: 1 });
    await expect(names(storage, {}, "b")).rejects.toMatchObject({ code: "not_found" });
    await expect(names(storage, {}, "a")).rejects.toMatchObject({ code: "not_a_folder" });
  });
});

test("concurrent requests for the same page share one listing", async () => {
  class Counting extends MemoryStorage {
    pages = 0;
    override async page(...question: Parameters<MemoryStorage["page"]>) {
      this.pages += 1;
      return await super.page(...question);
    }
  }
  const storage = new Counting();
  await save(storage, "a");
  const answers = await Promise.all(Array.from({ length: 8 }, () => listFolder(storage, ROOT, LISTING)));
  expect(storage.pages).toBe(2);
  for (const { entries } of answers) expect(entries.map(({ name }) => name)).toEqual(["a"]);
});
