// Sessions and tokens in the database: how many of them one account can make.

import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addAccount } from "../../../../src/access/database/changes/account-changes.ts";
import { addSecret } from "../../../../src/access/database/changes/secret-changes.ts";
import { openDatabase } from "../../../../src/access/database/open.ts";
import { readSnapshot } from "../../../../src/access/database/snapshot.ts";

test("the newest 100 sessions of an account are kept, so that logins cannot fill the memory", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-secrets-"));
  const database = openDatabase(join(folder, "access.db"), { create: true });
  database.run("PRAGMA synchronous = OFF");
  for (const name of ["alice", "bob"]) addAccount(database, { name, password: null, owner: false });
  const add = (account: string, kind: "session" | "token", number: number) => {
    const id = `${account}-${kind}-${number}`;
    const digest = new Bun.CryptoHasher("sha256").update(id).digest();
    addSecret(database, { digest, id, kind, account, expires: Date.now() + 3_600_000 });
  };
  add("bob", "session", 0);
  add("alice", "token", 0);
  for (let number = 0; number < 250; number += 1) add("alice", "session", number);
  const ids = [...readSnapshot(database).secrets.values()].map(({ id }) => id);
  const newest = Array.from({ length: 100 }, (_, index) => `alice-session-${150 + index}`);
  expect(ids.toSorted()).toEqual(["bob-session-0", "alice-token-0", ...newest].toSorted());
  database.close();
  await rm(folder, { recursive: true });
});
