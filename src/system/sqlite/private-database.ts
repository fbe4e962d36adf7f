// A SQLite file of this program: how it is opened, how its header says whose it is, and how its tables are created.

import { constants, Database } from "bun:sqlite";

/** The ID of the application in the header of the file, and the version of its tables. */
export interface Mark {
  application: number;
  version: number;
}

/** Milliseconds. */
const BUSY_TIMEOUT = 5000;
const READ_WRITE = constants.SQLITE_OPEN_READWRITE | constants.SQLITE_OPEN_NOFOLLOW;

/**
 * Opens a file that exists, and follows no link; the caller must close the database.
 * @param busyTimeout milliseconds to wait for another connection
 * @param prepare checks it and sets what else it needs; when this throws, the database is closed again
 * @throws the error of SQLite, and what `prepare` throws
 */
export function openPrivate(
  file: string,
  {
    busyTimeout = BUSY_TIMEOUT,
    prepare,
  }: { busyTimeout?: number | undefined; prepare: (database: Database) => void },
): Database {
  const database = new Database(file, READ_WRITE);
  try {
    database.run(`PRAGMA busy_timeout = ${busyTimeout}`);
    database.run("PRAGMA trusted_schema = OFF");
    prepare(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Whose file it is: `newer` is one with a version after this one, `empty` one in which no program has made anything. */
export function ownerOf(database: Database, mark: Mark): "ours" | "newer" | "empty" | "foreign" {
  // One transaction: another connection may create the tables between two reads.
  return database.transaction(() => {
    const version = numberIn(database, "user_version");
    const application = numberIn(database, "application_id");
    if (version > mark.version) return "newer";
    if (version === mark.version && application === mark.application) return "ours";
    return version === 0 && application === 0 && isEmpty(database) ? "empty" : "foreign";
  })();
}

/**
 * Fills an empty database and marks it as ours. In one transaction: a crash leaves an empty one.
 * @param create makes the tables; not called when another connection has made them meanwhile
 */
export function createTables(database: Database, { application, version }: Mark, create: () => void): void {
  database
    .transaction(() => {
      if (!isEmpty(database)) return;
      create();
      database.run(`PRAGMA application_id = ${application}`);
      database.run(`PRAGMA user_version = ${version}`);
    })
    .immediate();
}

/** The value of a pragma. */
export function numberIn(database: Database, pragma: string): number {
  const row = database.query<Record<string, number>, []>(`PRAGMA ${pragma}`).get();
  return row?.[pragma] ?? 0;
}

function isEmpty(database: Database): boolean {
  return database.query("SELECT 1 FROM sqlite_schema").get() === null;
}
