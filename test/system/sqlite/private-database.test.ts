// A SQLite file of this program: it is told apart from others by its header, and its tables are created once.

import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTables, openPrivate, ownerOf } from "../../../src/system/sqlite/private-database.ts";

const MARK = { application: 7, version: 2 };
const nothing = () => {};

test.each([
  ["ours", ["PRAGMA application_id = 7", "PRAGMA user_version = 2", "CREATE TABLE t (a)"]],
  ["newer", ["PRAGMA application_id = 7", "PRAGMA user_version = 3"]],
  ["empty", []],
  ["foreign", ["CREATE TABLE t (a)"]],
  ["foreign", ["PRAGMA application_id = 8", "PRAGMA user_version = 2"]],
  ["foreign", ["PRAGMA application_id = 8"]],
  ["foreign", ["PRAGMA application_id = 7"]],
] as const)("%s: %j", (owner, statements) => {
  using database = new Database();
  for (const statement of statements) database.run(statement);
  expect(ownerOf(database, MARK)).toBe(owner);
});

test("tables are created once, and not at all when that fails", () => {
  using database = new Database();
  const create = () => {
    database.run("CREATE TABLE t (a)");
  };
  expect(() =>
    createTables(database, MARK, () => {
      create();
      throw new Error("full");
    }),
  ).toThrow("full");
  expect(ownerOf(database, MARK)).toBe("empty");
  createTables(database, MARK, create);
  expect(ownerOf(database, MARK)).toBe("ours");
  createTables(database, MARK, create);
});

test("a missing file is not made, a link is not followed, and a refused database is closed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-sqlite-"));
  const [file, link] = [join(folder, "a.db"), join(folder, "link.db")];
  expect(() => openPrivate(file, { prepare: nothing })).toThrow("unable to open");
  expect(await Bun.file(file).exists()).toBe(false);
  await Bun.write(file, "");
  await symlink(file, link);
  expect(() => openPrivate(link, { prepare: nothing })).toThrow("unable to open");
  const seen: Database[] = [];
  const refuse = (database: Database) => {
    seen.push(database);
    throw new Error("refused");
  };
  expect(() => openPrivate(file, { prepare: refuse })).toThrow("refused");
  expect(() => seen[0]?.query("SELECT 1").get()).toThrow("closed");
  openPrivate(file, { prepare: nothing }).close();
  await rm(folder, { recursive: true });
});
