// The database of a running server: notices when it has changed, and when another file has its name.

import type { Database } from "bun:sqlite";
import { AccessError, identityOf, openDatabase } from "./open.ts";
import { readSnapshot, type Snapshot } from "./snapshot.ts";

export class DatabaseFile {
  #database: Database | null = null;
  /** Of the file that is open. */
  #identity: string | null = null;
  /** Of the database when it was read last. */
  #version = -1;

  constructor(readonly file: string) {}

  /** Null while there is no file. */
  get database(): Database | null {
    return this.#database;
  }

  /**
   * Opens the file that has the name now, if it is not open: a backup may have been restored.
   * @returns whether it took the place of another one
   * @throws AccessError also when the file was removed: what is written to the open one would be lost
   */
  follow(): boolean {
    const identity = identityOf(this.file);
    if (this.#database && identity === this.#identity) return false;
    if (this.#database && identity === null)
      throw new AccessError(`${this.file} was removed: restore it, or stop the server.`);
    const opened = openDatabase(this.file, { create: false });
    if (!opened) return false;
    const replaces = this.#database !== null;
    this.#database?.close();
    this.#database = opened;
    this.#identity = identity;
    this.#version = -1;
    return replaces;
  }

  /** Everything in the database, if it has changed since the last call; else null. @throws AccessError */
  changed(): Snapshot | null {
    if (!this.#database) return null;
    const version = dataVersion(this.#database);
    if (version === this.#version) return null;
    const snapshot = readSnapshot(this.#database);
    // Read before the rows: a change in between is read again with the next look.
    this.#version = version;
    return snapshot;
  }

  close(): void {
    this.#database?.close();
    this.#database = null;
  }
}

/** A number that changes with every commit of another connection. @throws AccessError */
function dataVersion(database: Database): number {
  try {
    return database.query<{ data_version: number }, []>("PRAGMA data_version").get()?.data_version ?? 0;
  } catch (cause) {
    throw new AccessError("access.db cannot be read.", { cause });
  }
}
