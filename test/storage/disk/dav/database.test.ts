// dav.db: nothing is read without it, and one that cannot be used is set aside, whatever is wrong with it.

import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { chmod, mkdir, readdir, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { isAtLimit, openDatabase } from "../../../../src/storage/disk/dav/database.ts";
import type { DiskStorage } from "../../../../src/storage/disk/disk.ts";
import { codeOf, contentOf, file, put } from "../../driving.ts";
import { watchRejections } from "../../rejections.ts";
import { until } from "../../until.ts";
import { TemporaryRoot } from "../temporary-root.ts";

watchRejections();

const set = (storage: DiskStorage, value: string, path = "a") =>
  storage.properties.change(file(path), { set: new Map([["{x}p", value]]), remove: [] });
const valueAt = (storage: DiskStorage, path = "a") => storage.properties.of(file(path)).get("{x}p");

test("no file is made before the first change, and reads open nothing", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await root.open();
  expect(storage.properties.of(file("a")).size).toBe(0);
  await storage.properties.move(file("a"), file("b"));
  await storage.properties.remove(file("a"));
  expect(storage.lockRecords.read()).toEqual([]);
  expect(await readdir(root.in(".sluice"))).not.toContain("dav.db");
  await set(storage, "value");
  expect((await stat(root.in(".sluice", "dav.db"))).mode & 0o777).toBe(0o600);
  await root.close();
  // The log was emptied into the database.
  expect((await readdir(root.in(".sluice"))).filter((name) => name.startsWith("dav"))).toEqual(["dav.db"]);
  await root.expectDescriptors([]);
});

test("a read-only server has no properties, and refuses changes", async () => {
  await using root = await TemporaryRoot.make();
  await set(await root.open(), "value");
  const storage = await root.reopen({ write: false });
  expect(valueAt(storage)).toBeUndefined();
  expect(await codeOf(set(storage, "new"))).toBe("storage_read_only");
  await storage.properties.move(file("a"), file("b"));
  expect(valueAt(await root.reopen())).toBe("value");
});

describe("a database that cannot be used is renamed, a new one begins empty, and files are not affected:", () => {
  const cases: Record<string, (path: string, outside: string) => Promise<unknown>> = {
    "no database": (path) => Bun.write(path, "x".repeat(10_000)),
    "a symbolic link": async (path, outside) => {
      await Bun.write(join(outside, "canary"), "canary");
      await symlink(join(outside, "canary"), path);
    },
    "a folder": (path) => mkdir(path),
    "a newer one": async (path) => {
      const database = openDatabase(path, { create: true });
      database.run("PRAGMA user_version = 99");
      database.close();
    },
    "another program's": async (path) => {
      const database = new Database(path);
      database.run("CREATE TABLE other (a)");
      database.close();
    },
  };
  test.each(Object.keys(cases))("%s", async (name) => {
    await using root = await TemporaryRoot.make();
    await put(await root.open(), "kept", "kept");
    await root.close();
    await cases[name]?.(root.in(".sluice", "dav.db"), root.outside);
    const storage = await root.open();
    expect(root.warnings).toEqual([
      expect.stringMatching(/dav\.db.* cannot be used \(.+\)\. It was renamed to/),
    ]);
    expect(storage.properties.empty).toBe(true);
    await set(storage, "value");
    expect(valueAt(storage)).toBe("value");
    expect(await contentOf(storage, "kept")).toBe("kept");
    expect(await readdir(root.in(".sluice"))).toContain("dav.db.unusable");
    if (name === "a symbolic link")
      expect(await Bun.file(join(root.outside, "canary")).text()).toBe("canary");
    await root.reopen();
    expect(root.warnings).toHaveLength(1);
  });
});

test("damage that is found while it is read or written sets it aside, and the next change is stored", async () => {
  await using root = await TemporaryRoot.make();
  const first = await root.open();
  for (let index = 0; index < 200; index += 1) await set(first, "x".repeat(1000), `a${index}`);
  await root.close();
  const database = root.in(".sluice", "dav.db");
  const bytes = new Uint8Array(await Bun.file(database).arrayBuffer());
  await Bun.write(database, bytes.fill(0xff, 8192));
  const storage = await root.open();
  for (let index = 0; index < 200; index += 1) valueAt(storage, `a${index}`);
  await set(storage, "new", "b").catch(() => {});
  await until("it was set aside", () => root.warnings.length > 0);
  await set(storage, "value", "b");
  expect(valueAt(storage, "b")).toBe("value");
  expect(await readdir(root.in(".sluice"))).toContain("dav.db.unusable");
});

test("changes wait for another program that writes, and reads do not", async () => {
  await using root = await TemporaryRoot.make();
  await set(await root.open(), "value");
  const database = root.in(".sluice", "dav.db");
  await root.close();
  await chmod(database, 0o644);
  const other = openDatabase(database, { create: true });
  expect((await stat(database)).mode & 0o777).toBe(0o600);
  const storage = await root.open();
  other.run("BEGIN IMMEDIATE");
  // Reads do not wait for a writer.
  expect(valueAt(storage)).toBe("value");
  const writing = set(storage, "new");
  other.run("COMMIT");
  await writing;
  expect(valueAt(storage)).toBe("new");
  other.close();
  expect(root.warnings).toEqual([]);
});

test("the database has a maximum size, which is told apart from a full disk", async () => {
  await using root = await TemporaryRoot.make();
  const database = openDatabase(root.in("dav.db"), { create: true });
  const { max_page_count: pages } = database
    .query<{ max_page_count: number }, []>("PRAGMA max_page_count")
    .get() ?? { max_page_count: 0 };
  const { page_size: size } = database.query<{ page_size: number }, []>("PRAGMA page_size").get() ?? {
    page_size: 0,
  };
  expect(pages * size).toBe(256 * 1024 * 1024);
  expect(isAtLimit(database)).toBe(false);
  database.run("PRAGMA max_page_count = 20");
  const insert = database.query("INSERT INTO properties VALUES (?, 'n', ?, '')");
  const fill = (): void => {
    for (let index = 0; index < 100; index += 1) insert.run(`${index}`, "x".repeat(4000));
  };
  expect(fill).toThrow("full");
  expect(isAtLimit(database)).toBe(true);
  database.close();
});

test("a lock whose record cannot be written is a warning, once for the same reason", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await root.open();
  await set(storage, "value");
  const other = openDatabase(root.in(".sluice", "dav.db"), { create: true });
  other.run("DROP TABLE locks");
  other.close();
  for (let round = 0; round < 3; round += 1) await storage.lockRecords.remove(["token"]);
  expect(root.warnings).toEqual([expect.stringContaining("locks are not kept over a restart")]);
  expect(await codeOf(set(storage, "new"))).toEqual({ resolved: undefined });
});

test("properties that cannot follow a move are a warning, not an error", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await root.open();
  await set(storage, "value");
  const other = openDatabase(root.in(".sluice", "dav.db"), { create: true });
  other.run("DROP TABLE properties");
  other.close();
  await storage.properties.move(file("a"), file("b"));
  expect(root.warnings).toEqual([expect.stringContaining("did not follow")]);
});
