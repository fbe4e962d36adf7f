// Access: who may do what, kept in memory. Reads access.db when it changes, finds the asker of a credential, and saves changes.

import type { Grant } from "../config/config.ts";
import { Problem } from "../errors.ts";
import { ROOT } from "../path.ts";
import { Asker, type Rate, type Scope, type Via } from "./asker.ts";
import type { ChangeArguments, ChangeName, ChangeResult } from "./database/changes/changes.ts";
import { DatabaseFile } from "./database/database-file.ts";
import { type Delivery, readDeliveries } from "./database/deliveries.ts";
import { AccessError } from "./database/open.ts";
import {
  type Account,
  EMPTY_SNAPSHOT,
  type Link,
  type Secret,
  type SecretKind,
  type Snapshot,
} from "./database/snapshot.ts";
import { WriterThread } from "./database/writer-thread.ts";
import { ANYONE, combined, type Rule, Rules, rulesOfAllow } from "./rules.ts";
import { digestOf } from "./secrets.ts";
import { ALL_WORDS, type Words } from "./words.ts";

/** Milliseconds between two looks at the database, for changes of other processes: the commands. */
const POLL_INTERVAL = 1000;
/** Without accounts and without `--allow`. */
const DEFAULT_ALLOW: ReadonlySet<Grant> = new Set<Grant>(["read", "write"]);

export interface AccessOptions {
  /** The database; null for none, so that only `allow` counts. It need not exist: it is read as soon as it does. */
  file: string | null;
  /** `--allow`; undefined for the default. */
  allow: ReadonlySet<Grant> | undefined;
  /** Called when the database cannot be read any more; what was known before stays in force. */
  warn?: (message: string) => void;
  now?: () => number;
}

export class Access {
  readonly #file: DatabaseFile | null;
  #snapshot: Snapshot = EMPTY_SNAPSHOT;
  #rules = new Rules([]);
  #byId = new Map<string, Secret>();
  #byUid = new Map<string, Account>();
  #anyone = new Asker(this.#rules, { via: "anyone", account: null, maker: ANYONE });
  /** Why the database cannot be read at the moment. */
  #fault: string | undefined;
  #writer: WriterThread | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  readonly #listeners = new Set<() => void>();
  readonly now: () => number;

  private constructor(readonly options: AccessOptions) {
    this.#file = options.file === null ? null : new DatabaseFile(options.file);
    this.now = options.now ?? Date.now;
  }

  /** Reads the database, and looks for changes every second until `close`. @throws AccessError */
  static open(options: AccessOptions): Access {
    const access = new Access(options);
    access.#use(EMPTY_SNAPSHOT);
    try {
      access.#load();
    } catch (error) {
      // A disk of another owner is served as far as `--allow` says; it may get its right owner later.
      if (!(error instanceof AccessError && error.isDenied)) throw error;
      access.#fail(error, "Nobody can log in, and only --allow counts");
    }
    access.#timer = setInterval(() => access.#poll(), POLL_INTERVAL);
    access.#timer.unref();
    return access;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#listeners.clear();
    this.#writer?.close();
    this.#file?.close();
  }

  /** Everything in the database. */
  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  get rules(): Rules {
    return this.#rules;
  }

  /** Whether there is, or was, an account; also when that cannot be read. */
  get closed(): boolean {
    return this.#snapshot.closed || this.#fault !== undefined;
  }

  /** Whether permissions differ by folder, or a link gives those of one folder. */
  get hasFolderRules(): boolean {
    return this.#rules.all.some(({ path }) => path !== ROOT) || this.#snapshot.links.size > 0;
  }

  /** Whether somebody may change files: the root must then be writable. */
  get mayChange(): boolean {
    if (this.closed) return true;
    return this.#anyone.canSomewhere("write") || this.#anyone.canSomewhere("delete");
  }

  /** The asker without credentials. */
  get anyone(): Asker {
    return this.#anyone;
  }

  /** The asker with this session or token; null when there is none, it has expired, or its account is disabled. */
  bySecret(kind: "session" | "token", text: string): Asker | null {
    const secret = this.secret(kind, text);
    const account = secret && this.#enabled(secret.account);
    return account ? this.asAccount(account, kind, secret) : null;
  }

  /** A secret that has not expired. */
  secret(kind: SecretKind, text: string): Secret | null {
    const secret = this.#snapshot.secrets.get(digestOf(text).toString("hex"));
    if (secret?.kind !== kind) return null;
    return secret.expires === null || secret.expires > this.now() ? secret : null;
  }

  /** The asker for an account that has proved who it is. */
  asAccount(account: Account, via: Via, secret: Secret | null = null): Asker {
    const scope: Scope | null =
      secret && secret.words !== null ? { path: secret.path ?? ROOT, words: secret.words } : null;
    return new Asker(this.#rules, {
      via,
      account: account.name,
      teams: account.teams,
      owner: account.owner,
      scope,
      maker: secret?.kind === "token" ? `token:${secret.id}` : `account:${account.uid}`,
      credential: secret?.id ?? null,
      epoch: account.epoch,
      rates: ratesOf(account),
    });
  }

  /** The asker of a link: its words at its path, as far as the account that made it has them now; null when it is dead. */
  asLink(link: Link, words: Words): Asker | null {
    const account = this.#enabled(link.account);
    if (!account || link.revoked) return null;
    return new Asker(this.#rules, {
      via: "link",
      account: account.name,
      teams: account.teams,
      owner: account.owner,
      scope: { path: link.path, words },
      maker: `link:${link.id}`,
      credential: link.id,
      rates: ratesOf(account, link),
    });
  }

  /**
   * The asker that made an upload, with what they may do now. The end of a session or the expiry of a link does not matter:
   * it stops new uploads only. @returns null when the account is disabled or gone, or the token or link is revoked
   */
  byMaker(maker: string): Asker | null {
    if (maker === ANYONE) return this.#anyone;
    const [kind = "", id = ""] = maker.split(":");
    if (kind === "link") {
      const link = this.#snapshot.links.get(id);
      return link ? this.asLink(link, ALL_WORDS) : null;
    }
    if (kind === "token") {
      const token = this.#byId.get(id);
      const account = token && this.#enabled(token.account);
      return account ? this.asAccount(account, "token", token) : null;
    }
    const account = this.#byUid.get(id);
    return account && !account.disabled ? this.asAccount(account, "session") : null;
  }

  /**
   * An asker with what they may do now. An expired credential does not matter: what it began may end.
   * @returns null when the account is disabled, or the session, token or link is gone, or the password is another one
   */
  again(asker: Asker): Asker | null {
    const { via, account: name, credential, scope, epoch } = asker;
    if (name === null) return this.#anyone;
    if (via === "link") {
      const link = this.#snapshot.links.get(credential ?? "");
      return link && scope ? this.asLink(link, scope.words) : null;
    }
    const account = this.#enabled(name);
    const secret = credential === null ? null : this.#byId.get(credential);
    if (!account || secret === undefined || (secret === null && account.epoch !== epoch)) return null;
    return this.asAccount(account, via, secret);
  }

  /**
   * Saves a change, and puts it into force.
   * @param read false for a caller that changes the snapshot itself: reading all of it costs too much for each uploaded file
   * @throws ChangeRefused; Problem storage_failed
   */
  async change<Name extends ChangeName>(
    name: Name,
    given: ChangeArguments<Name>,
    { read = true } = {},
  ): Promise<ChangeResult<Name>> {
    const { file } = this.options;
    if (file === null) throw new Problem("storage_failed", "This server keeps no accounts.");
    try {
      // A change in a file that was replaced would be lost.
      this.#follow();
      this.#writer ??= new WriterThread(file, { create: !this.#file?.database });
      const result = await this.#writer.change(name, given);
      if (read) this.#load();
      return result;
    } catch (cause) {
      if (!(cause instanceof AccessError)) throw cause;
      throw new Problem("storage_failed", "The change could not be saved.", { cause });
    }
  }

  /** The deliveries to hooks that an earlier run left. */
  deliveries(): Delivery[] {
    return this.#file?.database ? readDeliveries(this.#file.database) : [];
  }

  /** Calls `listener` after every change of the database that was put into force. @returns a function that ends this */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #enabled(name: string | null): Account | null {
    const account = name === null ? undefined : this.#snapshot.accounts.get(name);
    return account && !account.disabled ? account : null;
  }

  #poll(): void {
    try {
      this.#load();
    } catch (error) {
      if (!(error instanceof AccessError)) throw error;
      this.#fail(error, "Accounts stay as they were");
    }
  }

  /** Opens the file that has the name now; changes go there, too. @throws AccessError */
  #follow(): void {
    if (!this.#file?.follow()) return;
    this.#writer?.close();
    this.#writer = undefined;
  }

  /** Says once why the database cannot be read. Without anything read before, nobody may do more than `--allow` says. */
  #fail(error: AccessError, consequence: string): void {
    if (this.#fault === error.message) return;
    this.#fault = error.message;
    this.options.warn?.(`${consequence}: ${error.message}`);
    this.#use(this.#snapshot);
  }

  /** Reads the database if it has changed. @throws AccessError */
  #load(): void {
    this.#follow();
    const snapshot = this.#file?.changed();
    if (this.#fault !== undefined) {
      this.#fault = undefined;
      this.#use(this.#snapshot);
    }
    if (!snapshot) return;
    this.#use(snapshot);
    for (const listener of this.#listeners) listener();
  }

  #use(read: Snapshot): void {
    // A running server that was closed stays closed, also when its database is replaced by one without accounts.
    const snapshot = this.#snapshot.closed ? { ...read, closed: true } : read;
    this.#snapshot = snapshot;
    this.#byId = new Map(snapshot.secrets.values().map((secret) => [secret.id, secret]));
    this.#byUid = new Map(snapshot.accounts.values().map((account) => [account.uid, account]));
    this.#rules = new Rules(combined([...this.#ofAllow(), ...snapshot.rules]));
    this.#anyone = new Asker(this.#rules, {
      via: "anyone",
      account: null,
      maker: ANYONE,
      couldLogIn: this.closed,
    });
  }

  #ofAllow(): Rule[] {
    if (this.options.allow) return rulesOfAllow(this.options.allow);
    return this.closed ? [] : rulesOfAllow(DEFAULT_ALLOW);
  }
}

/** A link also counts towards the rate of the account that made it, or links would be a way around that. */
function ratesOf(account: Account, link?: Link): Rate[] {
  return [
    ...(link?.rate ? [{ key: `link:${link.id}`, rate: link.rate, label: "this link" }] : []),
    ...(account.rate ? [{ key: `account:${account.uid}`, rate: account.rate, label: "this account" }] : []),
  ];
}
