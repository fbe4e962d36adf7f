// An access database in the root of a test server, filled before the server starts or beside it.

import type { Database } from "bun:sqlite";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ChangeArguments,
  type ChangeName,
  makeChange,
} from "../../src/access/database/changes/changes.ts";
import { accessFile, openDatabase } from "../../src/access/database/open.ts";
import { digestOf, newId, newSecret, TOKEN_PREFIX } from "../../src/access/secrets.ts";
import { parseWords } from "../../src/access/words.ts";
import { type ServerOptions, startServer, type TestServer } from "./server.ts";

/** A cheap hash of "correct horse": bcrypt with cost 4. */
export const PASSWORD = "correct horse";
export const PASSWORD_HASH = Bun.password.hashSync(PASSWORD, { algorithm: "bcrypt", cost: 4 });

/** The header of a request with a token. */
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** The header of a request with a name and a password. */
export const basic = (name: string, password = PASSWORD) => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`,
});

/** The database of a root, as the commands write it. */
export class AccessDatabase {
  readonly #database: Database;

  constructor(root: string) {
    this.#database = openDatabase(accessFile(root), { create: true });
  }

  close(): void {
    this.#database.close();
  }

  change<Name extends ChangeName>(name: Name, given: ChangeArguments<Name>): void {
    makeChange(this.#database, name, given);
  }

  /** Adds an account with the password `PASSWORD`. @param grants such as `{ "team/a": "read,write" }` */
  account(
    name: string,
    grants: Record<string, string> = {},
    more: { owner?: boolean; teams?: string[] } = {},
  ): void {
    this.change("addAccount", { name, password: PASSWORD_HASH, owner: false, ...more });
    this.grant(name, grants);
  }

  grant(subject: string, grants: Record<string, string>): void {
    for (const [path, words] of Object.entries(grants))
      this.change("setGrant", { subject, path, words: parseWords(words) ?? 0 });
  }

  /** Makes every invite one that has expired. */
  expireInvites(): void {
    this.#database.run("UPDATE secrets SET expires = 1 WHERE kind = 'invite'");
  }

  /** Adds a token of an account. @returns its text */
  token(account: string, scope: { words?: string; path?: string; id?: string } = {}): string {
    const secret = newSecret(TOKEN_PREFIX);
    const { words = null, path = null, id = newId() } = scope;
    const digest = digestOf(secret);
    this.change("addSecret", { digest, id, kind: "token", account, words, path, expires: null });
    return secret;
  }
}

/** A server with accounts, and its database for later changes. */
export interface AccessServer extends TestServer {
  database: AccessDatabase;
  /** Waits until the server has read the changes of the database. */
  read: () => Promise<void>;
}

/** Starts a server whose database was filled before. By default anyone may do nothing. */
export async function startAccessServer(
  fill: (database: AccessDatabase) => void,
  options: ServerOptions = {},
): Promise<AccessServer> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "sluice-access-")));
  const database = new AccessDatabase(root);
  fill(database);
  const server = await startServer({ allow: new Set(), ...options, root });
  const stop = async (): Promise<void> => {
    await server.stop();
    database.close();
    await rm(root, { recursive: true, force: true });
  };
  // A change of the server's own makes it read those of others too, without the wait for its next look.
  const read = async (): Promise<void> => {
    await server.app.decorator.services.access.change("setQuota", { path: "not-there", bytes: null });
  };
  return { ...server, database, read, stop, [Symbol.asyncDispose]: stop };
}
