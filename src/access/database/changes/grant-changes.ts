// Changes of rules, quotas, passkeys and hooks. Each is a function of an open database.

import type { Database } from "bun:sqlite";
import { newId } from "../../secrets.ts";
import { formatWords, type Words } from "../../words.ts";
import type { Hook, Passkey } from "../snapshot.ts";
import { ChangeRefused } from "./refused.ts";

/**
 * Sets the rule of a subject at a path.
 * @param words null removes the rule, so that the one above counts again
 * @throws ChangeRefused missing, for an account or a team that does not exist
 */
export function setGrant(
  database: Database,
  { subject, path, words }: { subject: string; path: string; words: Words | null },
): void {
  database
    .transaction(() => {
      if (words === null) {
        database.run("DELETE FROM grants WHERE subject = ? AND path = ?", [subject, path]);
        return;
      }
      requireSubject(database, subject);
      database.run(
        "INSERT INTO grants (subject, path, words) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET words = excluded.words",
        [subject, path, formatWords(words)],
      );
    })
    .immediate();
}

function requireSubject(database: Database, subject: string): void {
  if (subject === "anyone") return;
  const known = subject.startsWith("@")
    ? database.query("SELECT 1 FROM members WHERE team = ?").get(subject.slice(1))
    : database.query("SELECT 1 FROM accounts WHERE name = ?").get(subject);
  if (known) return;
  const names = database
    .query<{ name: string }, []>(
      "SELECT name FROM (SELECT name FROM accounts UNION SELECT DISTINCT '@' || team FROM members) ORDER BY name LIMIT 20",
    )
    .all()
    .map(({ name }) => name);
  throw new ChangeRefused(
    "missing",
    `There is no account or team ${JSON.stringify(subject)}. Use one of: ${["anyone", ...names].join(", ")}.`,
  );
}

/** @param bytes null removes the quota */
export function setQuota(database: Database, { path, bytes }: { path: string; bytes: number | null }): void {
  if (bytes === null) database.run("DELETE FROM quotas WHERE path = ?", [path]);
  else
    database.run(
      "INSERT INTO quotas (path, bytes) VALUES (?, ?) ON CONFLICT DO UPDATE SET bytes = excluded.bytes",
      [path, bytes],
    );
}

/** @throws ChangeRefused exists */
export function addPasskey(database: Database, passkey: Omit<Passkey, "created">): void {
  const { id, account, name, publicKey, counter, transports } = passkey;
  const done = database.run(
    "INSERT INTO passkeys (id, account, name, public_key, counter, transports, created) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    [id, account, name, publicKey, counter, transports, Date.now()],
  );
  if (done.changes === 0) throw new ChangeRefused("exists", "This passkey is registered already.");
}

/** Records the use of a passkey. */
export function setPasskeyCounter(
  database: Database,
  { id, counter }: { id: string; counter: number },
): void {
  database.run("UPDATE passkeys SET counter = ? WHERE id = ? AND counter <= ?", [counter, id, counter]);
}

/** @returns whether it existed */
export function removePasskey(database: Database, { id, account }: { id: string; account: string }): boolean {
  return database.run("DELETE FROM passkeys WHERE id = ? AND account = ?", [id, account]).changes > 0;
}

/** @returns the id of the hook */
export function addHook(database: Database, hook: Omit<Hook, "id" | "created">): string {
  const id = newId();
  const { events, path, kind, target, secret, timeout } = hook;
  database.run(
    "INSERT INTO hooks (id, events, path, kind, target, secret, timeout, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    [id, events.join(","), path, kind, target, secret, timeout, Date.now()],
  );
  return id;
}

/** @returns whether it existed */
export function removeHook(database: Database, { id }: { id: string }): boolean {
  return database.run("DELETE FROM hooks WHERE id = ?", [id]).changes > 0;
}
