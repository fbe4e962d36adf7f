// The changes of dav.db, each one transaction, and what is read from it.

import type { Database } from "bun:sqlite";
import { parentOf } from "../../../path.ts";
import type { LockRecord } from "../../lock-records.ts";
import { changed, NO_PROPERTIES, type PropertyMap } from "../../properties.ts";

/** A change, as it is sent to the thread of the database. */
export type DatabaseChange =
  | { do: "change"; path: string; set: readonly (readonly [string, string])[]; remove: readonly string[] }
  | { do: "move" | "copy"; from: string; to: string }
  | { do: "remove"; path: string }
  | { do: "putLock"; lock: LockRecord }
  | { do: "removeLocks"; tokens: readonly string[] };

/** A path and everything below it; "0" is the character after the slash. */
const WITHIN = "(path = $at OR (path > $at || '/' AND path < $at || '0'))";
/** The columns of a row that goes from `$at` to `$to`. */
const PATH_THERE = "$to || substr(path, length($at) + 1)";
const FOLDER_THERE = "CASE path WHEN $at THEN $folder ELSE $to || substr(folder, length($at) + 1) END";

const MOVE = `UPDATE OR REPLACE properties SET path = ${PATH_THERE}, folder = ${FOLDER_THERE} WHERE ${WITHIN}`;
const COPY = `
INSERT OR REPLACE INTO properties (path, name, value, folder)
SELECT ${PATH_THERE}, name, value, ${FOLDER_THERE} FROM properties WHERE ${WITHIN}`;

/** The properties of one path. */
export function propertiesOf(database: Database, path: string): PropertyMap {
  const rows = database
    .query<{ name: string; value: string }, [string]>("SELECT name, value FROM properties WHERE path = ?")
    .all(path);
  if (rows.length === 0) return NO_PROPERTIES;
  return new Map(rows.map(({ name, value }) => [name, value]));
}

/** Whether an entry of a folder has properties. */
export function hasAnyIn(database: Database, folder: string): boolean {
  return database.query("SELECT 1 FROM properties WHERE folder = ? LIMIT 1").get(folder) !== null;
}

export function hasNone(database: Database): boolean {
  return database.query("SELECT 1 FROM properties LIMIT 1").get() === null;
}

export function readLocks(database: Database): LockRecord[] {
  return database
    .query<LockRecord, []>("SELECT token, path, depth, scope, owner, account, expires FROM locks")
    .all();
}

/** Commits a change. @throws Problem too_many_properties; the error of SQLite */
export function commit(database: Database, change: DatabaseChange): void {
  database.transaction(() => run(database, change)).immediate();
}

function run(database: Database, change: DatabaseChange): void {
  switch (change.do) {
    case "change":
      changeProperties(database, change);
      break;
    case "move":
    case "copy":
      transfer(database, change);
      break;
    case "remove":
      removeWithin(database, change.path);
      break;
    case "putLock":
      putLock(database, change.lock);
      break;
    case "removeLocks":
      for (const token of change.tokens) database.query("DELETE FROM locks WHERE token = ?").run(token);
  }
}

function changeProperties(
  database: Database,
  { path, set, remove }: Extract<DatabaseChange, { do: "change" }>,
): void {
  const current = propertiesOf(database, path);
  const next = changed(current, { set: new Map(set), remove });
  for (const name of current.keys())
    if (!next.has(name)) database.query("DELETE FROM properties WHERE path = ? AND name = ?").run(path, name);
  const insert = database.query(
    "INSERT OR REPLACE INTO properties (path, name, value, folder) VALUES (?, ?, ?, ?)",
  );
  for (const [name, value] of next)
    if (current.get(name) !== value) insert.run(path, name, value, folderOf(path));
}

function transfer(
  database: Database,
  { do: verb, from, to }: Extract<DatabaseChange, { do: "move" | "copy" }>,
): void {
  if (from === to) return;
  removeWithin(database, to);
  database.query(verb === "move" ? MOVE : COPY).run({ $at: from, $to: to, $folder: folderOf(to) });
}

function removeWithin(database: Database, path: string): void {
  database.query(`DELETE FROM properties WHERE ${WITHIN}`).run({ $at: path });
}

function putLock(
  database: Database,
  { token, path, depth, scope, owner, account, expires }: LockRecord,
): void {
  database
    .query(
      "INSERT OR REPLACE INTO locks (token, path, depth, scope, owner, account, expires) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .run(token, path, depth, scope, owner, account, expires);
}

/** The root is in no folder. */
function folderOf(path: string): string | null {
  return path === "" ? null : parentOf(path);
}
