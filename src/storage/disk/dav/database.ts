// Opens dav.db, the database of properties and locks; one that cannot be used is set aside, because it holds nothing of the files themselves.

import type { Database } from "bun:sqlite";
import { chmodSync, closeSync, lstatSync, openSync, renameSync, rmSync } from "node:fs";
import { messageOf } from "../../../system/errno.ts";
import { createTables, numberIn, openPrivate, ownerOf } from "../../../system/sqlite/private-database.ts";
import { errnoOf } from "../os/errno.ts";

/** The name of the file in the reserved folder. */
export const DATABASE = "dav.db";
/** Bytes that the database may have, at most. */
const MAX_BYTES = 256 * 1024 * 1024;
/** The application is "SlDv". */
const MARK = { application: 0x536c4476, version: 1 };
/** Codes of a file that is no database, or not one any more. */
const DAMAGED: ReadonlySet<string> = new Set(["SQLITE_NOTADB", "SQLITE_CANTOPEN_SYMLINK"]);

const SCHEMA = `
CREATE TABLE properties (
  path TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  -- Of the entry; null for the root.
  folder TEXT,
  PRIMARY KEY (path, name)
) WITHOUT ROWID, STRICT;
CREATE INDEX properties_of_folder ON properties (folder);
CREATE TABLE locks (
  token TEXT PRIMARY KEY,
  path TEXT NOT NULL,
  depth TEXT NOT NULL,
  scope TEXT NOT NULL,
  owner TEXT NOT NULL,
  account TEXT,
  expires INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
`;

/** The file is not one that this release can use. */
class UnusableFile extends Error {}

/** Whether a file was found to be damaged, so that it should be set aside. */
export function isDamaged(error: unknown): boolean {
  const code = errnoOf(error) ?? "";
  return error instanceof UnusableFile || DAMAGED.has(code) || code.startsWith("SQLITE_CORRUPT");
}

/**
 * Opens the database; the caller must close it.
 * @param create makes the file if it does not exist
 * @param busyTimeout milliseconds to wait for another connection
 * @returns null when there is no file and `create` is false
 * @throws the error of SQLite or of the system; see `isDamaged`
 */
export function openDatabase(file: string, options: { create: true; busyTimeout?: number }): Database;
export function openDatabase(
  file: string,
  options: { create: boolean; busyTimeout?: number },
): Database | null;
export function openDatabase(
  file: string,
  { create, busyTimeout }: { create: boolean; busyTimeout?: number },
): Database | null {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (!found) {
    if (!create) return null;
    // SQLite would give the file the rights of the umask.
    closeSync(openSync(file, "ax", 0o600));
  } else if (!found.isFile()) {
    throw new UnusableFile("it is not a regular file");
  } else if ((found.mode & 0o777) !== 0o600) chmodSync(file, 0o600);
  return openPrivate(file, { busyTimeout, prepare });
}

/** Whether a failed write needs more bytes than the database may have; otherwise the disk is full. */
export function isAtLimit(database: Database): boolean {
  return numberIn(database, "page_count") >= numberIn(database, "max_page_count") - 1;
}

/** Renames a database that cannot be used. @returns a sentence for the operator */
export function setAside(file: string, cause: unknown): string {
  const kept = `${file}.unusable`;
  for (const suffix of ["", "-wal", "-shm"]) {
    rmSync(kept + suffix, { recursive: true, force: true });
    if (lstatSync(file + suffix, { throwIfNoEntry: false })) renameSync(file + suffix, kept + suffix);
  }
  const reason = messageOf(cause);
  return `${file}, the database of WebDAV properties and locks, cannot be used (${reason}). It was renamed to ${DATABASE}.unusable, and a new one begins empty; no file is affected.`;
}

function prepare(database: Database): void {
  database.run("PRAGMA cell_size_check = ON");
  const owner = ownerOf(database, MARK);
  if (owner === "newer") throw new UnusableFile("it was written by a newer Sluice");
  if (owner === "foreign") throw new UnusableFile("it belongs to another program");
  database.run("PRAGMA journal_mode = WAL");
  // These data are lesser than files: with FULL, each commit would wait for the disk.
  database.run("PRAGMA synchronous = NORMAL");
  database.run(`PRAGMA max_page_count = ${MAX_BYTES / numberIn(database, "page_size")}`);
  if (owner === "empty") createTables(database, MARK, () => database.run(SCHEMA));
}
