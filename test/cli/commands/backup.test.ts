// sluice backup: a copy of the database beside a running server, and how it is restored.

import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { copyFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openDatabase } from "../../../src/access/database/open.ts";
import { commandsOn } from "../../support/manage.ts";

const { done, failure, snapshot, root, folder } = commandsOn();

describe("sluice backup", () => {
  test("without a database says that there is nothing to copy", async () => {
    expect(await failure("backup copy.db", 1)).toStartWith("There is nothing to copy: the root");
  });

  test("copies what is committed while another process writes, for its owner only", async () => {
    await done("user invite anna --owner");
    const other = openDatabase(join(root(), ".sluice/access.db"), { create: false });
    other?.run("BEGIN IMMEDIATE");
    other?.run("INSERT INTO quotas (path, bytes) VALUES ('not-committed', 1)");
    await done("backup copy.db");
    other?.run("ROLLBACK");
    other?.close();
    const copy = join(folder(), "copy.db");
    expect((await stat(copy)).mode & 0o777).toBe(0o600);
    const database = new Database(copy, { readonly: true });
    expect(database.query("SELECT name FROM accounts").all()).toEqual([{ name: "anna" }]);
    expect(database.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
    expect(database.query("SELECT * FROM quotas").all()).toEqual([]);
    database.close();
  });

  test("never replaces a file, and leaves nothing behind", async () => {
    await writeFile(join(folder(), "taken.db"), "precious");
    expect(await failure("backup taken.db", 1)).toBe(
      '"taken.db" exists already; choose another name, or remove it first.',
    );
    expect(await Bun.file(join(folder(), "taken.db")).text()).toBe("precious");
    expect(await failure("backup nowhere/copy.db", 1)).toContain("its folder does not exist");
    expect((await readdir(folder())).toSorted()).toEqual(["copy.db", "files", "taken.db"]);
  });

  test("is restored by putting the copy in the place of the database", async () => {
    await done("user remove anna");
    expect(snapshot().accounts.size).toBe(0);
    // Closing the last connection has removed access.db-wal and access.db-shm.
    await copyFile(join(folder(), "copy.db"), join(root(), ".sluice/access.db"));
    expect([...snapshot().accounts.keys()]).toEqual(["anna"]);
    await done("grant anna / read");
  });
});
