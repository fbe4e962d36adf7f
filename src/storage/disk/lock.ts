// One server per root: a lock that the system lets go of when the process ends, however it ends.

import { Database } from "bun:sqlite";
import { join } from "node:path";
import { Problem } from "../../errors.ts";

/** Held until `release`. */
export interface Lock {
  release(): void;
}

/**
 * SQLite takes a real file lock on every system Bun runs on, also between processes in different containers that
 * share the folder; a file with a process id in it would outlive a crash.
 * @param folder the server's own folder in the root
 * @throws RootInUse when another server, or this one, holds it
 */
export function lockRoot(folder: string): Lock {
  const database = new Database(join(folder, "lock"));
  try {
    database.run("PRAGMA journal_mode = OFF");
    database.run("BEGIN EXCLUSIVE");
  } catch (cause) {
    database.close();
    if (cause instanceof Error && "code" in cause && cause.code === "SQLITE_BUSY")
      throw new RootInUse({ cause });
    throw new Problem("storage_failed", "The root cannot be locked.", { cause });
  }
  return { release: () => database.close() };
}

/** Another server serves this root: two would remove each other's unfinished uploads. */
export class RootInUse extends Error {
  override readonly name = "RootInUse";
  constructor(options?: ErrorOptions) {
    super("Another Sluice serves this root. Stop it first, or choose another root.", options);
  }
}
