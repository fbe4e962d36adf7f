// Opens access.db: creates it if asked to, and refuses a file that is damaged, from a newer release, or not ours.

import type { Database } from "bun:sqlite";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  closeSync,
  fchmodSync,
  fchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { RESERVED } from "../../path.ts";
import { DENIED, errnoOf, messageOf } from "../../system/errno.ts";
import { createTables, numberIn, openPrivate, ownerOf } from "../../system/sqlite/private-database.ts";
import { APPLICATION_ID, SCHEMA, SCHEMA_VERSION } from "./schema.ts";

/** The database cannot be used. The message is for the operator and says what to do. */
export class AccessError extends Error {
  override readonly name = "AccessError";

  /** Whether this user may not even see if there is a database. */
  get isDenied(): boolean {
    return DENIED.has(errnoOf(this.cause) ?? "");
  }
}

const MARK = { application: APPLICATION_ID, version: SCHEMA_VERSION };

/** The file of the database of a root. @param file `--access`, used instead */
export function accessFile(root: string, file?: string): string {
  return file ?? join(root, RESERVED, "access.db");
}

/**
 * Opens the database; the caller must close it.
 * @param create makes the file, and the folder it is in, when they do not exist
 * @param busyTimeout milliseconds to wait for another connection that writes
 * @returns null when the file does not exist and `create` is false
 * @throws AccessError
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
  try {
    const found = entryAt(file);
    if (!found) {
      if (!create) return null;
      createFile(file);
    }
    // SQLite refuses a link anywhere in the path; the folder is the operator's, who may link to it.
    const real = join(realpathSync(dirname(file)), basename(file));
    if (found?.isFile() && (found.mode & 0o777) !== 0o600) chmodSync(real, 0o600);
    return openPrivate(real, { busyTimeout, prepare: (database) => prepare(database, file) });
  } catch (error) {
    if (error instanceof AccessError) throw error;
    throw new AccessError(`${file}: ${reasonOf(error)}`, { cause: error });
  }
}

/** Which file has this name now: another one after a backup was restored. Null for none. @throws AccessError */
export function identityOf(file: string): string | null {
  try {
    if (!entryAt(file)) return null;
    const found = statSync(file, { throwIfNoEntry: false });
    return found ? `${found.dev}:${found.ino}` : null;
  } catch (cause) {
    throw new AccessError(`${file}: ${reasonOf(cause)}`, { cause });
  }
}

/** An error of SQLite as an AccessError, any other error as it is. */
export function databaseError(file: string, error: unknown): unknown {
  if (!errnoOf(error)?.startsWith("SQLITE")) return error;
  return new AccessError(`${file}: ${reasonOf(error)}`, { cause: error });
}

/** Undefined when nothing is there, also when a part of the path is not a folder. */
function entryAt(file: string): Stats | undefined {
  try {
    return lstatSync(file, { throwIfNoEntry: false });
  } catch (error) {
    if (errnoOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** SQLite would give the file the rights of the umask; its side files get those of the database. */
function createFile(file: string): void {
  const folder = dirname(file);
  const isNew = mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined;
  const fd = openSync(file, "ax", 0o600);
  try {
    fchmodSync(fd, 0o600);
    // A command run as root must not make a file that the server cannot open.
    if (process.geteuid?.() !== 0) return;
    const { uid, gid } = statSync(isNew ? dirname(folder) : folder);
    fchownSync(fd, uid, gid);
    if (isNew) chownSync(folder, uid, gid);
  } finally {
    closeSync(fd);
  }
}

function prepare(database: Database, file: string): void {
  database.run("PRAGMA foreign_keys = ON");
  migrate(database, file);
  database.run("PRAGMA journal_mode = WAL");
  database.run("PRAGMA synchronous = FULL");
}

function migrate(database: Database, file: string): void {
  const owner = ownerOf(database, MARK);
  if (owner === "newer")
    throw new AccessError(
      `${file} was written by a newer Sluice (its version is ${numberIn(database, "user_version")}, this one reads ${SCHEMA_VERSION}): install that one, or restore a backup.`,
    );
  if (owner === "foreign")
    throw new AccessError(
      `${file} is not a database of Sluice. Move it away, or name another file with --access.`,
    );
  if (owner === "empty")
    createTables(database, MARK, () => {
      database.run(SCHEMA);
      database.run("INSERT INTO keys (name, value) VALUES ('links', ?)", [randomBytes(32)]);
    });
}

function reasonOf(error: unknown): string {
  const code = errnoOf(error) ?? "";
  if (code === "SQLITE_CANTOPEN_SYMLINK")
    return "this is a symbolic link, which is not followed. Replace it by the file itself.";
  if (code === "SQLITE_CORRUPT" || code === "SQLITE_NOTADB")
    return "the database is damaged. Restore a backup of it; until then nobody can log in.";
  if (code.startsWith("SQLITE_BUSY"))
    return "another program keeps the database locked. Stop it, then try again.";
  if (code === "SQLITE_FULL" || code === "ENOSPC")
    return "the disk is full, so that nothing was changed. Free some space, then try again.";
  if (code.startsWith("SQLITE_READONLY") || code === "EROFS")
    return "the database cannot be written to. Make the file and its folder writable, or name another file with --access.";
  if (code === "EACCES" || code === "EPERM" || code === "SQLITE_CANTOPEN")
    return "the database cannot be opened. Check the owner of the file and of its folder (chmod u+rw); on a read-only file system, name another file with --access.";
  return `the database cannot be opened (${code || messageOf(error)}).`;
}
