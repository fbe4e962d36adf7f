// Reads all of access.db into memory, in one transaction: requests are answered from there.

import type { Database } from "bun:sqlite";
import { checkFolderPath, type FolderPath } from "../../path.ts";
import { messageOf } from "../../system/errno.ts";
import type { Rule } from "../rules.ts";
import { parseWords, type Words } from "../words.ts";
import { AccessError } from "./open.ts";

export interface Account {
  name: string;
  uid: string;
  password: string | null;
  totp: string | null;
  totpStep: number;
  owner: boolean;
  disabled: boolean;
  epoch: number;
  /** Bytes per second. */
  rate: number | null;
  created: number;
  /** Without the `@`. */
  teams: readonly string[];
}

export type SecretKind = "session" | "token" | "invite" | "ticket";

export interface Secret {
  id: string;
  kind: SecretKind;
  account: string | null;
  link: string | null;
  name: string;
  words: Words | null;
  path: FolderPath | null;
  created: number;
  expires: number | null;
}

export interface Link {
  id: string;
  account: string;
  serial: number;
  path: FolderPath;
  kind: "file" | "folder" | "drop";
  password: string | null;
  note: string;
  created: number;
  expires: number | null;
  downloadsLeft: number | null;
  bytesLeft: number | null;
  filesLeft: number | null;
  largest: number | null;
  rate: number | null;
  askName: boolean;
  revoked: boolean;
}

export interface Passkey {
  id: string;
  account: string;
  name: string;
  publicKey: Uint8Array<ArrayBuffer>;
  counter: number;
  transports: string;
  created: number;
}

export interface Identity {
  issuer: string;
  subject: string;
  account: string;
}

export interface Quota {
  path: FolderPath;
  bytes: number;
}

export interface Hook {
  id: string;
  /** Events such as `upload.saved`. */
  events: readonly string[];
  path: FolderPath;
  kind: "webhook" | "command";
  /** A URL, or a JSON list of arguments. */
  target: string;
  secret: string | null;
  /** Seconds. */
  timeout: number;
  created: number;
}

/** Everything that access.db holds. */
export interface Snapshot {
  accounts: ReadonlyMap<string, Account>;
  rules: readonly Rule[];
  /** By the digest of the secret in hexadecimal. */
  secrets: ReadonlyMap<string, Secret>;
  links: ReadonlyMap<string, Link>;
  passkeys: readonly Passkey[];
  identities: readonly Identity[];
  quotas: readonly Quota[];
  hooks: readonly Hook[];
  /** The key that the tokens of links are made with. */
  linkKey: Uint8Array;
  /** Whether there is, or was, an account: then nobody may do anything without one unless a rule says so. */
  closed: boolean;
}

export const EMPTY_SNAPSHOT: Snapshot = {
  accounts: new Map(),
  rules: [],
  secrets: new Map(),
  links: new Map(),
  passkeys: [],
  identities: [],
  quotas: [],
  hooks: [],
  linkKey: new Uint8Array(0),
  closed: false,
};

/** A row as SQLite returns it. */
type Row<T> = { [Key in keyof T]: T[Key] extends boolean ? 0 | 1 : T[Key] };

/** @throws AccessError when the database is damaged: its values are checked like those of a client */
export function readSnapshot(database: Database): Snapshot {
  try {
    return database.transaction(() => readAll(database))();
  } catch (error) {
    if (error instanceof AccessError) throw error;
    throw new AccessError(`access.db cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function readAll(database: Database): Snapshot {
  const rows = <T>(sql: string): T[] => database.query<T, []>(sql).all();
  const teams = Map.groupBy(
    rows<{ team: string; account: string }>("SELECT team, account FROM members ORDER BY team"),
    ({ account }) => account,
  );
  const accounts = rows<Row<Omit<Account, "teams">>>(
    "SELECT name, uid, password, totp, totp_step AS totpStep, owner, disabled, epoch, rate, created FROM accounts ORDER BY name",
  ).map((row) => ({
    ...row,
    owner: row.owner === 1,
    disabled: row.disabled === 1,
    teams: (teams.get(row.name) ?? []).map(({ team }) => team),
  }));
  const links = rows<Row<Omit<Link, "path">> & { path: string }>(
    "SELECT id, account, serial, path, kind, password, note, created, expires, downloads_left AS downloadsLeft, bytes_left AS bytesLeft, files_left AS filesLeft, largest, rate, ask_name AS askName, revoked FROM links ORDER BY created, id",
  ).map((row) => ({
    ...row,
    path: checkFolderPath(row.path),
    askName: row.askName === 1,
    revoked: row.revoked === 1,
  }));
  const secrets = rows<
    Omit<Secret, "words" | "path"> & { digest: string; words: string | null; path: string | null }
  >(
    "SELECT lower(hex(digest)) AS digest, id, kind, account, link, name, words, path, created, expires FROM secrets ORDER BY created, id",
  ).map(({ digest, words, path, ...row }): [string, Secret] => [
    digest,
    {
      ...row,
      words: words === null ? null : wordsIn(words),
      path: path === null ? null : checkFolderPath(path),
    },
  ]);
  const keys = new Map(
    rows<{ name: string; value: Uint8Array }>("SELECT name, value FROM keys").map(({ name, value }) => [
      name,
      value,
    ]),
  );
  const linkKey = keys.get("links");
  if (!linkKey) throw new AccessError("access.db has no key for links: restore a backup.");
  return {
    accounts: new Map(accounts.map((account) => [account.name, account])),
    rules: rows<{ subject: string; path: string; words: string }>(
      "SELECT subject, path, words FROM grants",
    ).map(({ subject, path, words }) => ({ subject, path: checkFolderPath(path), words: wordsIn(words) })),
    secrets: new Map(secrets),
    links: new Map(links.map((link) => [link.id, link])),
    passkeys: rows<Passkey>(
      "SELECT id, account, name, public_key AS publicKey, counter, transports, created FROM passkeys ORDER BY created",
    ),
    identities: rows<Identity>("SELECT issuer, subject, account FROM identities"),
    quotas: rows<{ path: string; bytes: number }>("SELECT path, bytes FROM quotas ORDER BY path").map(
      (row) => ({
        path: checkFolderPath(row.path),
        bytes: row.bytes,
      }),
    ),
    hooks: rows<Omit<Hook, "events" | "path"> & { events: string; path: string }>(
      "SELECT id, events, path, kind, target, secret, timeout, created FROM hooks ORDER BY created",
    ).map((row) => ({ ...row, events: row.events.split(","), path: checkFolderPath(row.path) })),
    linkKey,
    closed: keys.has("closed"),
  };
}

function wordsIn(text: string): Words {
  const words = parseWords(text);
  if (words === undefined)
    throw new AccessError(`access.db has a rule with unknown words: ${JSON.stringify(text)}.`);
  return words;
}
