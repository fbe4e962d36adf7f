// One server per root: a file lock that the system releases when the process ends, even after a crash.

import { constants, Database } from "bun:sqlite";
import { join } from "node:path";
import { Problem } from "../../../errors.ts";
import { errnoOf } from "../../../system/errno.ts";

/** Held until `release`. */
export interface Lock {
  release(): void;
}

// NOFOLLOW: SQLite would create the lock file at the target of a link.
const FLAGS = constants.SQLITE_OPEN_READWRITE | constants.SQLITE_OPEN_CREATE | constants.SQLITE_OPEN_NOFOLLOW;

/**
 * SQLite takes a real file lock on every system that Bun supports, which also works between containers that share the
 * folder. A pid file would survive a crash.
 * @param folder the server's own folder in the root, by its real path
 * @throws RootInUse when another server, or this one, holds it
 * @throws Problem link_in_path, storage_failed
 */
export function lockRoot(folder: string): Lock {
  let database: Database | undefined;
  try {
    database = new Database(join(folder, "lock"), FLAGS);
    // MEMORY creates no journal file next to the lock; Bun does not allow OFF. The database stays empty.
    database.run("PRAGMA journal_mode = MEMORY");
    database.run("BEGIN EXCLUSIVE");
    return hold(database);
  } catch (cause) {
    database?.close();
    const code = errnoOf(cause);
    if (code === "SQLITE_BUSY") throw new RootInUse({ cause });
    if (code === "SQLITE_CANTOPEN_SYMLINK")
      throw new Problem("link_in_path", "The lock file of the root is a link. Remove it.", { cause });
    throw new Problem("storage_failed", "The root cannot be locked.", { cause });
  }
}

// Keeps the database reachable: when it is garbage-collected, its lock is released.
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
