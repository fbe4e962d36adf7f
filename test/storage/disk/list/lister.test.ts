// Large folders on a disk: order despite changes, swapped links, and no open descriptors.

import { describe, expect, test } from "bun:test";
import { closeSync, openSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { mkdir, rename, rm, symlink, unlink } from "node:fs/promises";
import { nameOf, ROOT } from "../../../../src/path.ts";
import { naturalOrder } from "../../../../src/storage/listing/natural-order.ts";
import type { PageKey, PageQuery } from "../../../../src/storage/listing/paging.ts";
import type { Storage } from "../../../../src/storage/storage.ts";
import { amount } from "../../../support/switches.ts";
import { codeOf, folder, pathsOf, put } from "../../driving.ts";
import { watchRejections } from "../../rejections.ts";
import { Canary } from "../canary.ts";
import { TemporaryRoot } from "../temporary-root.ts";
import { watchedCalls } from "../watched-calls.ts";

watchRejections();

const PLAIN: PageQuery = { sort: "name", order: "asc", foldersFirst: false, hidden: true, limit: 1000 };
/** More entries than are sorted or returned in one batch. */
const MANY = amount("LISTED", 4000, 10_000);

/** Names that are not in sorted order. */
const namesOf = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${index % 3 ? "file " : "IMG_"}${(index * 7919) % count}`);

function fillFolder(root: TemporaryRoot, count: number): string[] {
  const names = namesOf(count);
  for (const name of names) closeSync(openSync(root.in("many", name), "w"));
  return names.sort(naturalOrder);
}

async function namesIn(storage: Storage, query: Partial<PageQuery> = {}): Promise<string[]> {
  const { entries } = await storage.page(folder("many"), { ...PLAIN, ...query });
  return entries.map(({ path }) => nameOf(path));
}

async function allNames(storage: Storage, query: Partial<PageQuery> = {}): Promise<string[]> {
  const names: string[] = [];
  let after: PageKey | undefined;
  do {
    const { entries, next } = await storage.page(folder("many"), { ...PLAIN, ...query, after });
    names.push(...entries.map(({ path }) => nameOf(path)));
    after = next ?? undefined;
  } while (after);
  return names;
}

describe("ten thousand entries", () => {
  test("pages and scans contain all of them in order, and changes are visible immediately", async () => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open();
    await mkdir(root.in("many"));
    const names = fillFolder(root, MANY);
    expect(await namesIn(storage)).toEqual(names.slice(0, 1000));
    expect(await namesIn(storage, { order: "desc", limit: 3 })).toEqual(names.slice(-3).toReversed());
    expect(await allNames(storage)).toEqual(names);
    expect(await allNames(storage, { order: "desc" })).toEqual(names.toReversed());
    const scanned = (await Array.fromAsync(storage.scan(folder("many")))).flat();
    expect(scanned.map(({ path }) => nameOf(path))).toEqual(names);
    for (let change = 0; change < 20; change += 1) {
      const name = `A ${change}`;
      writeFileSync(root.in("many", name), "");
      expect((await namesIn(storage, { limit: 1 }))[0]).toBe("A 0");
      if (change > 0) expect((await namesIn(storage, { limit: 21 }))[change]).toBe(name);
    }
    await unlink(root.in("many", "A 0"));
    expect((await namesIn(storage, { limit: 1 }))[0]).toBe("A 1");
    const idle = await root.idleDescriptors();
    expect(idle.filter((path) => path.includes("many"))).toEqual([]);
  });

  test("entries are current even if their order is cached", async () => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open();
    await mkdir(root.in("many"));
    fillFolder(root, MANY);
    const settled = (): boolean => Date.now() - statSync(root.in("many")).ctimeMs > 2600;
    while (!settled()) await Bun.sleep(50);
    const [first = "", second = ""] = await namesIn(storage, { limit: 2 });
    for (const size of [1, 22, 333]) {
      // Neither changes the folder's modification time.
      writeFileSync(root.in("many", first), "x".repeat(size));
      utimesSync(root.in("many", second), size, size);
      const { entries } = await storage.page(folder("many"), { ...PLAIN, limit: 2 });
      expect(entries).toMatchObject([{ size }, { modified: new Date(size * 1000) }]);
    }
    await rename(root.in("many", first), root.in("gone"));
    expect(await namesIn(storage, { limit: 1 })).toEqual([second]);
  });

  test("concurrent listings are the same", async () => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open();
    await mkdir(root.in("many"));
    const names = fillFolder(root, MANY);
    const asked = Array.from({ length: 12 }, (_, index) =>
      index % 2 ? allNames(storage, { sort: "kind" }) : allNames(storage),
    );
    for (const found of await Promise.all(asked)) expect(found).toEqual(names);
  });
});

describe("links", () => {
  test("a folder that is replaced by a link out of the root, at any step of a listing, reveals nothing", async () => {
    await using root = await TemporaryRoot.make();
    const canary = await Canary.make(root);
    for (let call = 0; call < 40; call += 1) {
      let calls = -1;
      const storage = await root.open({
        calls: watchedCalls(async () => {
          calls += calls < 0 ? 0 : 1;
          if (calls !== call) return;
          await rename(root.in("folder"), root.in("moved"));
          await symlink(canary.folder, root.in("folder"));
        }),
      });
      await put(storage, "folder/own", "own");
      calls = 0;
      const listed = await storage
        .page(folder("folder"), { ...PLAIN, sort: "size", foldersFirst: true })
        .then(({ entries }) => pathsOf(entries))
        .catch((error: unknown) => (error instanceof Error ? [] : ["?"]));
      expect([[], ["folder/own"]]).toContainEqual(listed);
      calls = -1;
      await storage.close();
      await rm(root.in("folder"), { recursive: true });
      await rm(root.in("moved"), { recursive: true, force: true });
    }
  });

  test("an entry that is replaced by a link out of the root is not listed, whatever its type was", async () => {
    await using root = await TemporaryRoot.make();
    const canary = await Canary.make(root);
    const storage = await root.open({
      calls: watchedCalls(async (name, path) => {
        if (name !== "lstat" || !`${path}`.endsWith("/b")) return;
        await rm(root.in("folder", "b"), { recursive: true });
        await symlink(canary.folder, root.in("folder", "b"));
      }),
    });
    for (const path of ["folder/a", "folder/b/x", "folder/c"]) await put(storage, path, "x");
    const { entries } = await storage.page(folder("folder"), { ...PLAIN, foldersFirst: true });
    expect(pathsOf(entries)).toEqual(["folder/a", "folder/c"]);
  });
});

test("a scan that is stopped closes its folder, and other scans continue", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await root.open();
  await mkdir(root.in("many"));
  fillFolder(root, 3000);
  const idle = await root.idleDescriptors();
  const kept = storage.scan(folder("many"));
  const begun = await kept.next();
  let seen = begun.done ? 0 : begun.value.length;
  for await (const entries of storage.scan(folder("many"))) {
    expect(entries.length).toBe(500);
    break;
  }
  for await (const entries of kept) seen += entries.length;
  expect(seen).toBe(3000);
  await root.expectDescriptors(idle);
});

test("closing a storage completes pending listings", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await root.open();
  await mkdir(root.in("many"));
  fillFolder(root, MANY);
  const scan = storage.scan(folder("many"));
  await scan.next();
  const asked = Array.from({ length: 4 }, () => codeOf(storage.page(folder("many"), PLAIN)));
  await storage.close();
  for (const code of await Promise.all(asked)) expect(code).toBe("storage_gone");
  expect(await codeOf(storage.page(ROOT, PLAIN))).toBe("storage_gone");
  await root.expectDescriptors([]);
});
