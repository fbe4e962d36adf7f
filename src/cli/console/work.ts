// The work of one command: its database, its changes, and its output.

import type { Database } from "bun:sqlite";
import {
  type ChangeArguments,
  type ChangeName,
  type ChangeResult,
  makeChange,
} from "../../access/database/changes/changes.ts";
import { databaseError, openDatabase } from "../../access/database/open.ts";
import { type Account, EMPTY_SNAPSHOT, readSnapshot, type Snapshot } from "../../access/database/snapshot.ts";
import { nearest, quoted } from "../../suggest.ts";
import { CommandFailed, type Console } from "./console.ts";
import { type GlobalFlags, readSettings, type Settings } from "./settings.ts";

export class Work {
  #database: Database | null = null;
  #snapshot: Snapshot | undefined;

  private constructor(
    readonly console: Console,
    readonly settings: Settings,
    readonly json: boolean,
  ) {}

  static async begin(console: Console, flags: GlobalFlags): Promise<Work> {
    return new Work(console, await readSettings(flags, console), flags.json ?? false);
  }

  [Symbol.dispose](): void {
    this.#database?.close();
  }

  /** The database; null when it does not exist. @throws AccessError */
  get database(): Database | null {
    this.#database ??= openDatabase(this.settings.file, { create: false });
    return this.#database;
  }

  /** Everything in the database, read again after each change; nothing when it does not exist. @throws AccessError */
  get snapshot(): Snapshot {
    if (!this.database) return EMPTY_SNAPSHOT;
    this.#snapshot ??= readSnapshot(this.database);
    return this.#snapshot;
  }

  /** Runs several changes as one: all are saved, or none. @throws ChangeRefused, AccessError */
  together<T>(run: (database: Database) => T): T {
    const database = this.#writable();
    try {
      return database.transaction(() => run(database)).immediate();
    } catch (error) {
      throw databaseError(this.settings.file, error);
    } finally {
      this.#snapshot = undefined;
    }
  }

  /** Saves a change, and creates the database for it. It survives a power cut. @throws ChangeRefused, AccessError */
  change<Name extends ChangeName>(name: Name, given: ChangeArguments<Name>): ChangeResult<Name> {
    try {
      return makeChange(this.#writable(), name, given);
    } catch (error) {
      throw databaseError(this.settings.file, error);
    } finally {
      this.#snapshot = undefined;
    }
  }

  /** An account, by its exact name. @throws CommandFailed that names the nearest */
  account(name: string): Account {
    const { accounts } = this.snapshot;
    const account = accounts.get(name.normalize("NFC"));
    if (account) return account;
    throw this.missing("account", name, [...accounts.keys()]);
  }

  /** The error about a name that does not exist. @param known the names that do */
  missing(kind: string, name: string, known: readonly string[]): CommandFailed {
    const near = nearest(name, known);
    const some = known.slice(0, 10).join(", ") + (known.length > 10 ? ", …" : "");
    const hint = near === undefined ? `${kind}s: ${some}` : `the nearest is ${near}`;
    return new CommandFailed(
      `There is no ${kind} ${quoted(name)} in the root ${this.settings.named}; ${known.length === 0 ? `there are no ${kind}s yet` : hint}.`,
    );
  }

  /** Prints the result: JSON with `--json`, otherwise the text. */
  print(result: unknown, text: string): void {
    this.console.out(this.json ? `${JSON.stringify(result, null, 2)}\n` : text);
  }

  /** Prints a list. @param hint for people, when it is empty */
  printList(list: readonly unknown[], text: string, hint: string): void {
    this.print(list, text);
    if (!this.json && list.length === 0)
      this.console.note(`There are none in the root ${this.settings.named}. Add one: ${hint}\n`);
  }

  /**
   * Prints a secret or a URL that is shown once: alone on standard output, so that a script can keep it, and what to know about it
   * on standard error.
   */
  printOnce(result: unknown, secret: string, about: string): void {
    this.print(result, `${secret}\n`);
    if (!this.json) this.console.note(about);
  }

  #writable(): Database {
    this.#database ??= openDatabase(this.settings.file, { create: true });
    return this.#database;
  }
}
