// dav.db as the network thread sees it: short reads on a connection of its own, changes through the thread that writes.

import type { Database } from "bun:sqlite";
import { Problem } from "../../../errors.ts";
import { messageOf } from "../../../system/errno.ts";
import { WorkerThread } from "../../../system/worker-thread.ts";
import { storageClosed } from "../../problems.ts";
import type { DiskContext } from "../at/context.ts";
import { hasNone } from "./changes.ts";
import { isDamaged, openDatabase, setAside } from "./database.ts";
import type { DatabaseAnswer, DatabaseRequest } from "./dav-worker.ts";

/** Milliseconds that a read waits for another program that keeps the database locked. */
const READER_TIMEOUT = 100;

export class DavStore {
  readonly #thread: WorkerThread<DatabaseRequest, DatabaseAnswer>;
  #reader: Database | null = null;
  #closed = false;
  #empty = true;
  /** Changes that may store something and are not committed yet. */
  #pending = 0;
  /** Why the database could not be read the last time. */
  #fault = "";

  /**
   * Opens the database if there is one. Never throws: without it there are no properties and no locks.
   * @param file in the reserved folder, no part of which is a link
   */
  constructor(
    readonly file: string,
    readonly context: Pick<DiskContext, "assertRoot" | "warn">,
  ) {
    this.#thread = new WorkerThread({
      script: "storage/disk/dav/dav-worker.ts",
      setup: { file },
      ended: (cause) => new Problem("storage_failed", "The change could not be saved.", { cause }),
    });
    this.#empty = this.read(true, hasNone);
  }

  /** Whether no properties are stored. True without a database, so that nothing is read. */
  get empty(): boolean {
    return this.#empty && this.#pending === 0;
  }

  /** Reads from the database. Never throws. @param otherwise the result without a database */
  read<T>(otherwise: T, query: (database: Database) => T): T {
    if (this.#closed) return otherwise;
    try {
      this.#reader ??= openDatabase(this.file, { create: false, busyTimeout: READER_TIMEOUT });
      return this.#reader ? query(this.#reader) : otherwise;
    } catch (error) {
      this.#failed(error);
      return otherwise;
    }
  }

  /** Commits a change. @throws Problem too_many_properties, storage_full, storage_failed */
  async write(change: DatabaseRequest): Promise<void> {
    if (this.#closed) throw storageClosed();
    this.context.assertRoot();
    this.#pending += 1;
    const answer = await this.#thread.ask(change).answer.finally(() => {
      this.#pending -= 1;
    });
    if (answer.warning !== undefined) this.#startAgain(answer.warning);
    if ("empty" in answer) this.#empty = answer.empty;
    else
      throw new Problem(answer.failed.code, answer.failed.detail, { cause: new Error(answer.failed.reason) });
  }

  /** Waits for running changes. Never throws. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#reader?.close();
    this.#reader = null;
    if (this.#thread.started) {
      // The last connection that closes empties the log into the database.
      await this.#thread.ask({ do: "close" }).answer.catch(() => {});
      // Not awaited: the thread ends without an answer.
      this.#thread.ask({ do: "end" }).answer.catch(() => {});
    }
    this.#thread.abandon(storageClosed());
  }

  #failed(error: unknown): void {
    const reason = messageOf(error);
    if (!isDamaged(error)) {
      if (reason !== this.#fault)
        this.#warn(`${this.file}, the database of WebDAV properties and locks, cannot be read: ${reason}`);
      this.#fault = reason;
      return;
    }
    this.#reader?.close();
    this.#reader = null;
    if (this.#thread.started) {
      this.write({ do: "setAside", reason }).catch(({ message }: Error) => this.#warn(message));
      return;
    }
    try {
      this.#startAgain(setAside(this.file, error));
    } catch (cause) {
      this.#warn(`${this.file} cannot be used (${reason}), and cannot be renamed: ${String(cause)}`);
    }
  }

  #startAgain(warning: string): void {
    this.#warn(warning);
    this.#reader?.close();
    this.#reader = null;
    this.#empty = true;
  }

  #warn(message: string): void {
    this.context.warn(message);
  }
}
