// Changes of sessions, tokens, invites and tickets. Each is a function of an open database, and one transaction.

import type { Database } from "bun:sqlite";
import { DAY } from "../../../units.ts";
import type { SecretKind } from "../snapshot.ts";
import { setPassword } from "./account-changes.ts";
import { ChangeRefused } from "./refused.ts";

/** Milliseconds for which an expired token is kept: uploads that it began may go on, unless it is revoked. */
const TOKEN_MEMORY = 30 * DAY;

/** Sessions of one account: each login would otherwise stay in memory for 30 days. */
const MOST_SESSIONS = 100;

export interface NewSecret {
  digest: Uint8Array;
  id: string;
  kind: SecretKind;
  account?: string | null;
  link?: string | null;
  name?: string;
  words?: string | null;
  path?: string | null;
  expires: number | null;
  /** The account as it proved who it is: with another password since then, there is no new secret. */
  proved?: { uid: string; epoch: number };
}

/** Adds a secret, and forgets those that have expired. An invite replaces the earlier ones of its account; of its sessions the newest stay. @throws ChangeRefused missing */
export function addSecret(database: Database, secret: NewSecret): void {
  const {
    digest,
    id,
    kind,
    account = null,
    link = null,
    name = "",
    words = null,
    path = null,
    expires,
    proved,
  } = secret;
  database
    .transaction(() => {
      if (proved) requireUnchanged(database, proved);
      database.run("DELETE FROM secrets WHERE expires < iif(kind = 'token', ?, ?)", [
        Date.now() - TOKEN_MEMORY,
        Date.now(),
      ]);
      if (kind === "invite")
        database.run("DELETE FROM secrets WHERE account = ? AND kind = 'invite'", [account]);
      database.run(
        "INSERT INTO secrets (digest, id, kind, account, link, name, words, path, created, expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [digest, id, kind, account, link, name, words, path, Date.now(), expires],
      );
      if (kind === "session")
        database.run(
          "DELETE FROM secrets WHERE account = ?1 AND kind = 'session' AND rowid NOT IN (SELECT rowid FROM secrets WHERE account = ?1 AND kind = 'session' ORDER BY rowid DESC LIMIT ?2)",
          [account, MOST_SESSIONS],
        );
    })
    .immediate();
}

/** Refuses an account that was removed or disabled, or has another password, since it was read. @throws ChangeRefused missing */
function requireUnchanged(database: Database, { uid, epoch }: { uid: string; epoch: number }): void {
  const found = database
    .query("SELECT 1 FROM accounts WHERE uid = ? AND epoch = ? AND disabled = 0")
    .get(uid, epoch);
  if (!found) throw new ChangeRefused("missing", "The account has changed. Log in again.");
}

/** Ends a session, token, invite or ticket. @returns whether it existed */
export function removeSecret(database: Database, { id }: { id: string }): boolean {
  return database.run("DELETE FROM secrets WHERE id = ?", [id]).changes > 0;
}

/** Spends an invite: sets the password of its account and ends everything else of it. @throws ChangeRefused used */
export function acceptInvite(database: Database, { id, password }: { id: string; password: string }): string {
  return database
    .transaction(() => {
      const row = database
        .query<{ account: string }, [string, number]>(
          "DELETE FROM secrets WHERE id = ? AND kind = 'invite' AND (expires IS NULL OR expires >= ?) RETURNING account",
        )
        .get(id, Date.now());
      if (!row) throw new ChangeRefused("used", "This invite has been used, or has expired.");
      setPassword(database, { name: row.account, password });
      return row.account;
    })
    .immediate();
}
