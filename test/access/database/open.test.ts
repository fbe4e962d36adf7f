// Opening the database: who may read its file, and clear errors for files that cannot be used.

import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  realpath,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addAccount } from "../../../src/access/database/changes/account-changes.ts";
import { AccessError, accessFile, databaseError, openDatabase } from "../../../src/access/database/open.ts";
import { readSnapshot } from "../../../src/access/database/snapshot.ts";
import { Mount, whyNoMounts } from "../../storage/disk/faults.ts";
import { NOBODY } from "../../support/spawn.ts";
import { skipped } from "../../support/switches.ts";

const probe = await mkdtemp(join(tmpdir(), "sluice-mounts-"));
const noMounts = await whyNoMounts(probe);
await rm(probe, { recursive: true });
if (noMounts !== null) skipped("a database on a full disk", noMounts, "run the tests as root");

let folder = "";
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "sluice-open-")));
});
afterAll(() => rm(folder, { recursive: true }));

const isRoot = process.geteuid?.() === 0;
const newRoot = () => mkdtemp(join(folder, "root-"));

/** A root whose database has an account. */
async function filled(): Promise<string> {
  const root = await newRoot();
  const database = openDatabase(accessFile(root), { create: true });
  addAccount(database, { name: "anna", password: null, owner: true });
  database.close();
  return root;
}

/** The message of the error when a file is opened. */
function messageFor(file: string, busyTimeout = 0): string {
  try {
    openDatabase(file, { create: true, busyTimeout }).close();
  } catch (error) {
    if (error instanceof AccessError) return error.message;
    throw error;
  }
  throw new Error(`${file} was opened`);
}

describe("the file", () => {
  test("can be read by its owner only, whatever the umask", async () => {
    const before = process.umask(0);
    try {
      const root = await filled();
      const database = openDatabase(accessFile(root), { create: false });
      if (database) addAccount(database, { name: "ben", password: null, owner: false });
      for (const name of ["", "-wal", "-shm"])
        expect((await stat(`${accessFile(root)}${name}`)).mode & 0o777).toBe(0o600);
      expect((await stat(join(root, ".sluice"))).mode & 0o777).toBe(0o700);
      database?.close();
      await chmod(accessFile(root), 0o644);
      openDatabase(accessFile(root), { create: false })?.close();
      expect((await stat(accessFile(root))).mode & 0o777).toBe(0o600);
    } finally {
      process.umask(before);
    }
  });

  test.skipIf(!isRoot)("made by root belongs to the owner of the root", async () => {
    const root = await newRoot();
    await chown(root, NOBODY, NOBODY);
    openDatabase(accessFile(root), { create: true }).close();
    for (const path of [accessFile(root), join(root, ".sluice")])
      expect(await stat(path)).toMatchObject({ uid: NOBODY, gid: NOBODY });
  });

  test("is not created by reading", async () => {
    const root = await newRoot();
    expect(openDatabase(accessFile(root), { create: false })).toBeNull();
  });

  test("may be below a folder that is a link", async () => {
    const root = await filled();
    const link = `${root}-link`;
    await symlink(root, link);
    const database = openDatabase(accessFile(link), { create: false });
    expect(database && readSnapshot(database).closed).toBe(true);
    database?.close();
  });
});

describe("an error says what to do about", () => {
  test("a link, whose target is not touched", async () => {
    const root = await newRoot();
    await mkdir(join(root, ".sluice"));
    const canary = join(root, "canary");
    for (const target of [canary, join(root, "nothing")]) {
      await writeFile(canary, "canary", { mode: 0o644 });
      await rm(accessFile(root), { force: true });
      await symlink(target, accessFile(root));
      expect(messageFor(accessFile(root))).toContain("symbolic link");
    }
    expect((await stat(canary)).mode & 0o777).toBe(0o644);
    expect(await Bun.file(join(root, "nothing")).exists()).toBe(false);
  });

  test("a damaged database, with or without a header", async () => {
    const root = await filled();
    const bytes = await Bun.file(accessFile(root)).bytes();
    bytes.fill(0xff, 100, 4096);
    await writeFile(accessFile(root), bytes);
    expect(messageFor(accessFile(root))).toContain("damaged. Restore a backup");
    await writeFile(accessFile(root), "this is no database, and it is longer than a header".repeat(100));
    expect(messageFor(accessFile(root))).toContain("damaged. Restore a backup");
  });

  test("a database that was cut: nothing is read from it", async () => {
    const root = await filled();
    await truncate(accessFile(root), 8192);
    const read = () => {
      const database = openDatabase(accessFile(root), { create: false });
      if (!database) throw new Error("No database");
      try {
        return readSnapshot(database);
      } finally {
        database.close();
      }
    };
    expect(read).toThrow(AccessError);
  });

  test("a database of a newer version", async () => {
    const root = await filled();
    const database = new Database(accessFile(root));
    database.run("PRAGMA user_version = 99");
    database.close();
    expect(messageFor(accessFile(root))).toContain("newer Sluice (its version is 99, this one reads 1)");
  });

  test("a database of another program", async () => {
    const file = join(await newRoot(), "other.db");
    const database = new Database(file);
    database.run("CREATE TABLE things (name TEXT)");
    database.close();
    expect(messageFor(file)).toContain("is not a database of Sluice");
  });

  test("a folder", async () => {
    expect(messageFor(await newRoot())).toContain("Check the owner");
  });

  test.skipIf(noMounts !== null)(
    "a read-only file system, and a full one, where nothing changes",
    async () => {
      const at = await newRoot();
      await using mount = await Mount.tmpfs(at, "size=400k");
      openDatabase(accessFile(at), { create: true }).close();
      await mount.remount("ro");
      expect(messageFor(accessFile(at))).toContain("on a read-only file system, name another file");
      await mount.remount("rw");
      const database = openDatabase(accessFile(at), { create: true });
      await writeFile(join(at, "full"), new Uint8Array(1_000_000)).catch(() => {});
      const messages = Array.from({ length: 2000 }, (_, index) => {
        try {
          addAccount(database, { name: `account ${index}`, password: null, owner: true });
          return "";
        } catch (error) {
          return String(databaseError(accessFile(at), error));
        }
      });
      expect(messages.at(-1)).toContain("the disk is full");
      await rm(join(at, "full"));
      addAccount(database, { name: "after", password: null, owner: false });
      expect(readSnapshot(database).accounts.size).toBe(messages.filter((text) => text === "").length + 1);
      database.close();
    },
  );

  test("a database that another program keeps locked", async () => {
    const root = await filled();
    const other = new Database(accessFile(root));
    other.run("PRAGMA locking_mode = EXCLUSIVE");
    other.run("BEGIN EXCLUSIVE");
    expect(messageFor(accessFile(root))).toContain("keeps the database locked");
    other.close();
    openDatabase(accessFile(root), { create: false })?.close();
  });
});
