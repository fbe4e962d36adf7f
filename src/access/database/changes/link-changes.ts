// Changes of links and drops. Each is a function of an open database, and one statement or one transaction.

import type { Database } from "bun:sqlite";
import type { Link } from "../snapshot.ts";
import { ChangeRefused } from "./refused.ts";

export type NewLink = Omit<Link, "serial" | "created" | "revoked">;

/** @throws ChangeRefused missing, when the account does not exist */
export function addLink(database: Database, link: NewLink): void {
  if (!database.query("SELECT 1 FROM accounts WHERE name = ?").get(link.account))
    throw new ChangeRefused("missing", `There is no account ${JSON.stringify(link.account)}.`);
  database.run(
    "INSERT INTO links (id, account, path, kind, password, note, created, expires, downloads_left, bytes_left, files_left, largest, rate, ask_name) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [
      link.id,
      link.account,
      link.path,
      link.kind,
      link.password,
      link.note,
      Date.now(),
      link.expires,
      link.downloadsLeft,
      link.bytesLeft,
      link.filesLeft,
      link.largest,
      link.rate,
      link.askName ? 1 : 0,
    ],
  );
}

/** Closes a link for good. @throws ChangeRefused missing */
export function revokeLink(database: Database, { id }: { id: string }): void {
  const done = database.run("UPDATE links SET revoked = 1 WHERE id = ?", [id]);
  if (done.changes === 0) throw missing(id);
  database.run("DELETE FROM secrets WHERE link = ?", [id]);
}

/** Gives a link a new URL; the old one is dead. @throws ChangeRefused missing */
export function renewLink(database: Database, { id }: { id: string }): void {
  database
    .transaction(() => {
      const done = database.run("UPDATE links SET serial = serial + 1 WHERE id = ? AND revoked = 0", [id]);
      if (done.changes === 0) throw missing(id);
      database.run("DELETE FROM secrets WHERE link = ?", [id]);
    })
    .immediate();
}

/** Spends one download. One statement, so that 50 at once with a limit of 3 spend 3. @returns false when none is left */
export function spendDownload(database: Database, { id }: { id: string }): boolean {
  const done = database.run(
    "UPDATE links SET downloads_left = downloads_left - 1 WHERE id = ? AND revoked = 0 AND downloads_left > 0",
    [id],
  );
  return done.changes > 0;
}

function missing(id: string): ChangeRefused {
  return new ChangeRefused(
    "missing",
    `There is no open link ${JSON.stringify(id)}: see \`sluice link list\`.`,
  );
}
