// Opens dav.db, the database of properties and locks; one that cannot be used is set aside, because it holds nothing of the files themselves.

import { constants, Database } from "bun:sqlite";
import { chmodSync, closeSync, lstatSync, openSync, renameSync, rmSync } from "node:fs";
import { messageOf } from "../../../system/errno.ts";
import { errnoOf } from "../os/errno.ts";

/** The name of the file in the reserved folder. */
export const DATABASE = "dav.db";
/** Bytes that the database may have, at most. */
const MAX_BYTES = 256 * 1024 * 1024;
/** "SlDv", as the ID of the application in the header of the file. */
const APPLICATION_ID = 0x536c4476;
const SCHEMA_VERSION = 1;
/** Milliseconds. */
const BUSY_TIMEOUT = 5000;
const READ_WRITE = constants.SQLITE_OPEN_READWRITE | constants.SQLITE_OPEN_NOFOLLOW;
/** Codes of a file that is no database, or not one any more. */
const DAMAGED: ReadonlySet<string> = new Set(["SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_CANTOPEN_SYMLINK"]);

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
  { create, busyTimeout = BUSY_TIMEOUT }: { create: boolean; busyTimeout?: number },
): Database | null {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (!found) {
    if (!create) return null;
    // SQLite would give the file the rights of the umask.
    closeSync(openSync(file, "ax", 0o600));
  } else if (!found.isFile()) {
    throw new UnusableFile("it is not a regular file");
  } else if ((found.mode & 0o777) !== 0o600) chmodSync(file, 0o600);
  const database = new Database(file, READ_WRITE);
  try {
    prepare(database, busyTimeout);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
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

function prepare(database: Database, busyTimeout: number): void {
  database.run(`PRAGMA busy_timeout = ${busyTimeout}`);
  database.run("PRAGMA trusted_schema = OFF");
  database.run("PRAGMA cell_size_check = ON");
  const version = numberIn(database, "user_version");
  const application = numberIn(database, "application_id");
  if (version > SCHEMA_VERSION) throw new UnusableFile("it was written by a newer Sluice");
  if (application !== (version === 0 ? 0 : APPLICATION_ID))
    throw new UnusableFile("it belongs to another program");
  database.run("PRAGMA journal_mode = WAL");
  // Lesser data: a commit need not wait for the disk, as with FULL.
  database.run("PRAGMA synchronous = NORMAL");
  database.run(`PRAGMA max_page_count = ${MAX_BYTES / numberIn(database, "page_size")}`);
  if (version === 0) createTables(database);
}

function createTables(database: Database): void {
  database
    .transaction(() => {
      // Another connection may have created the tables while this one waited.
      if (numberIn(database, "user_version") !== 0) return;
      if (database.query("SELECT 1 FROM sqlite_schema").get() !== null)
        throw new UnusableFile("it belongs to another program");
      database.run(SCHEMA);
      database.run(`PRAGMA application_id = ${APPLICATION_ID}`);
      database.run(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    })
    .immediate();
}

function numberIn(database: Database, pragma: string): number {
  const row = database.query<Record<string, number>, []>(`PRAGMA ${pragma}`).get();
  return row?.[pragma] ?? 0;
}
