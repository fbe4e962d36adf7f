// The database in the hands of its operator: restored, removed, or replaced by another one while the server runs.

import type { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { CHANGES } from "../../src/access/database/changes/changes.ts";
import { openDatabase } from "../../src/access/database/open.ts";
import { type AccessServer, bearer, startAccessServer } from "../support/access.ts";
import { problemIn } from "../support/problem.ts";
import { until } from "../support/server.ts";

/** A server with a file that the account of the token may read. */
async function start(): Promise<AccessServer & { file: string; status: () => Promise<number> }> {
  let token = "";
  const server = await startAccessServer((database) => {
    database.account("owner", {}, { owner: true });
    database.account("alice", { "": "read,write" });
    token = database.token("alice");
  });
  await Bun.write(join(server.root, "canary.txt"), "canary");
  const status = async (): Promise<number> =>
    (await server.fetch("/files/canary.txt", { headers: bearer(token) })).status;
  return { ...server, file: join(server.root, ".sluice/access.db"), status };
}

/** Replaces the database by another one, like somebody who restores a backup. */
async function replace(file: string, fill: (database: Database) => void): Promise<void> {
  const database = openDatabase(`${file}.new`, { create: true });
  fill(database);
  database.close();
  for (const name of [`${file}-wal`, `${file}-shm`]) await rm(name, { force: true });
  await rename(`${file}.new`, file);
}

test("a restored backup counts, and who is missing in it may do nothing any more", async () => {
  await using server = await start();
  expect(await server.status()).toBe(200);
  await replace(server.file, (database) =>
    CHANGES.addAccount(database, { name: "carl", password: null, owner: true }),
  );
  await until("the backup is in force", async () => (await server.status()) === 401);
  const { access } = server.app.decorator.services;
  // The server writes into the new file from now on.
  await access.change("setOwner", { name: "carl", owner: true });
  expect([...access.snapshot.accounts.keys()]).toEqual(["carl"]);
});

test("a server that was closed stays closed when its database is replaced by an empty one", async () => {
  await using server = await start();
  await replace(server.file, () => {});
  await until("the empty one is in force", async () => (await server.status()) === 401);
  await problemIn(await server.fetch("/files/canary.txt"), "login_required");
});

test("a removed database is told once, keeps what was known, and takes no change that would be lost", async () => {
  await using server = await start();
  for (const name of ["", "-wal", "-shm"]) await rm(server.file + name, { force: true });
  const told = () => server.log.filter((line) => line.includes("was removed"));
  await until("the operator is told", () => told().length > 0);
  expect(await server.status()).toBe(200);
  await problemIn(await server.fetch("/files/canary.txt"), "login_required");
  const { access } = server.app.decorator.services;
  const lost = access.change("setDisabled", { name: "alice", disabled: true });
  await expect(lost).rejects.toMatchObject({ code: "storage_failed" });
  await replace(server.file, (database) =>
    CHANGES.addAccount(database, { name: "carl", password: null, owner: true }),
  );
  await until("the restored one is in force", async () => (await server.status()) === 401);
  expect(told()).toHaveLength(1);
});
