// One server per root: a lock that the system lets go of when the process ends, however it ends.

import { constants, Database } from "bun:sqlite";
import { join } from "node:path";
import { Problem } from "../../../errors.ts";

/** Held until `release`. */
export interface Lock {
  release(): void;
}

// Without links: a lock file that is one would be made wherever it points to.
const FLAGS = constants.SQLITE_OPEN_READWRITE | constants.SQLITE_OPEN_CREATE | constants.SQLITE_OPEN_NOFOLLOW;

/**
 * SQLite takes a real file lock on every system Bun runs on, also between processes in different containers that
 * share the folder; a file with a process id in it would outlive a crash.
 * @param folder the server's own folder in the root, by its real path
 * @throws RootInUse when another server, or this one, holds it
 * @throws Problem link_in_path, storage_failed
 */
export function lockRoot(folder: string): Lock {
  let database: Database | undefined;
  try {
    database = new Database(join(folder, "lock"), FLAGS);
    // No file beside the lock: the database stays empty, and OFF is not allowed by Bun.
    database.run("PRAGMA journal_mode = MEMORY");
    database.run("BEGIN EXCLUSIVE");
    return hold(database);
  } catch (cause) {
    database?.close();
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "SQLITE_BUSY") throw new RootInUse({ cause });
    if (code === "SQLITE_CANTOPEN_SYMLINK")
      throw new Problem("link_in_path", "The lock of the root is a link.", { cause });
    throw new Problem("storage_failed", "The root cannot be locked.", { cause });
  }
}

// A database that is garbage-collected lets go of its lock.
const held = new Set<Database>();

function hold(database: Database): Lock {
  held.add(database);
  return {
    release: () => {
      held.delete(database);
      database.close();
    },
  };
}

/** Another server serves this root: two would remove each other's unfinished uploads. */
export class RootInUse extends Error {
  override readonly name = "RootInUse";
  constructor(options?: ErrorOptions) {
    super("Another Sluice serves this root. Stop it first, or choose another root.", options);
  }
}
