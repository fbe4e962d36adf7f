// Changes of links and drops. Each is a function of an open database, and one statement or one transaction.

import type { Database } from "bun:sqlite";
import type { Link } from "../snapshot.ts";
import { requireAccount } from "./known-account.ts";
import { ChangeRefused } from "./refused.ts";

/** The members that can be edited. Those that are absent stay as they are: also the password. */
export type LinkEdit = Partial<
  Pick<
    Link,
    | "password"
    | "note"
    | "expires"
    | "downloadsLeft"
    | "bytesLeft"
    | "filesLeft"
    | "largest"
    | "rate"
    | "askName"
  >
>;

/** Without a member that can be edited, the link does not have that limit. */
export type NewLink = Pick<Link, "id" | "account" | "path" | "kind"> & LinkEdit;

const NO_LIMITS: Required<LinkEdit> = {
  password: null,
  note: "",
  expires: null,
  downloadsLeft: null,
  bytesLeft: null,
  filesLeft: null,
  largest: null,
  rate: null,
  askName: false,
};

/** @throws ChangeRefused missing, when the account does not exist */
export function addLink(database: Database, given: NewLink): void {
  const link = { ...NO_LIMITS, ...given };
  requireAccount(database, link.account);
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

const COLUMNS: Readonly<Record<keyof LinkEdit, string>> = {
  password: "password",
  note: "note",
  expires: "expires",
  downloadsLeft: "downloads_left",
  bytesLeft: "bytes_left",
  filesLeft: "files_left",
  largest: "largest",
  rate: "rate",
  askName: "ask_name",
};

/** Changes the limits of an open link. @throws ChangeRefused missing */
export function editLink(database: Database, { id, edit }: { id: string; edit: LinkEdit }): void {
  database
    .transaction(() => {
      if (!database.query("SELECT 1 FROM links WHERE id = ? AND revoked = 0").get(id)) throw missing(id);
      for (const [member, column] of Object.entries(COLUMNS)) {
        const value = new Map<string, string | number | boolean | null>(Object.entries(edit)).get(member);
        if (value !== undefined)
          database.run(`UPDATE links SET ${column} = ? WHERE id = ?`, [
            typeof value === "boolean" ? Number(value) : value,
            id,
          ]);
      }
    })
    .immediate();
}

/** The rest of the limits of a link. */
export type Left = Pick<Link, "downloadsLeft" | "bytesLeft" | "filesLeft">;

/** A ticket, by which the one who has spent a download may go on with it. */
export interface Ticket {
  digest: Uint8Array;
  id: string;
  expires: number;
}

/**
 * Spends one download, and opens tickets. One statement decides, so that 50 at once with a limit of 3 spend 3.
 * @returns what is left; null when nothing was left before
 */
export function spendDownload(
  database: Database,
  { id, tickets = [] }: { id: string; tickets?: readonly Ticket[] },
): Left | null {
  return database
    .transaction(() => {
      const left = database
        .query<Left, [string]>(
          `UPDATE links SET downloads_left = downloads_left - 1 WHERE id = ? AND revoked = 0 AND downloads_left > 0 RETURNING ${LEFT}`,
        )
        .get(id);
      if (!left) return null;
      database.run("DELETE FROM secrets WHERE kind = 'ticket' AND expires < ?", [Date.now()]);
      for (const ticket of tickets)
        database.run(
          "INSERT INTO secrets (digest, id, kind, link, created, expires) VALUES (?, ?, 'ticket', ?, ?, ?) ON CONFLICT DO NOTHING",
          [ticket.digest, ticket.id, id, Date.now(), ticket.expires],
        );
      return left;
    })
    .immediate();
}

/** Counts a file that was saved in a drop. @returns what is left; null when it does not fit, or the link is revoked */
export function spendUpload(database: Database, { id, bytes }: { id: string; bytes: number }): Left | null {
  return database
    .query<Left, [number, string, number]>(
      `UPDATE links SET bytes_left = bytes_left - ?, files_left = files_left - 1
       WHERE id = ? AND revoked = 0 AND ifnull(bytes_left >= ?, 1) AND ifnull(files_left > 0, 1) RETURNING ${LEFT}`,
    )
    .get(bytes, id, bytes);
}

/** Takes back `spendUpload`, for a file that could not be saved. @returns what is left; null when there is no such link */
export function refundUpload(database: Database, { id, bytes }: { id: string; bytes: number }): Left | null {
  return database
    .query<Left, [number, string]>(
      `UPDATE links SET bytes_left = bytes_left + ?, files_left = files_left + 1 WHERE id = ? RETURNING ${LEFT}`,
    )
    .get(bytes, id);
}

const LEFT = "downloads_left AS downloadsLeft, bytes_left AS bytesLeft, files_left AS filesLeft";
/** Matches a path and everything below it. */
const WITHIN = "(path = ?1 OR substr(path, 1, length(?1) + 1) = ?1 || '/')";

/** Lets the links to an entry, and to everything in it, follow a move. */
export function moveLinks(database: Database, { from, to }: { from: string; to: string }): void {
  database.run(`UPDATE links SET path = ?2 || substr(path, length(?1) + 1) WHERE ${WITHIN}`, [from, to]);
}

/**
 * Closes the links to an entry that is gone, and to everything in it, for good.
 * @param ids only these: others belong to the entry that has the path now
 */
export function removeLinks(
  database: Database,
  { path, ids }: { path: string; ids?: readonly string[] },
): void {
  const gone = `${WITHIN} AND (?2 IS NULL OR id IN (SELECT value FROM json_each(?2)))`;
  const which = [path, ids ? JSON.stringify(ids) : null];
  database
    .transaction(() => {
      database.run(`DELETE FROM secrets WHERE link IN (SELECT id FROM links WHERE ${gone})`, which);
      database.run(`UPDATE links SET revoked = 1 WHERE ${gone}`, which);
    })
    .immediate();
}

function missing(id: string): ChangeRefused {
  return new ChangeRefused(
    "missing",
    `There is no open link ${JSON.stringify(id)}: see \`sluice link list\`.`,
  );
}
