// Asker: who makes a request, and what they may do at which path.

import type { Word } from "../config/config.ts";
import { type FilePath, type FolderPath, isWithin, ROOT } from "../path.ts";
import { View, type ViewPoint, type ViewText } from "../storage/listing/view.ts";
import { ANYONE, type Rules } from "./rules.ts";
import { ALL_WORDS, has, NO_WORDS, type Words } from "./words.ts";

/** How an asker proved who they are. */
export type Via = "anyone" | "session" | "password" | "token" | "proxy" | "link";

/** Views that are kept for one set of rules. */
const MAX_VIEWS = 1000;

/** The limits of a token or link: it gives its words at its path and below, as far as its maker has them now. */
export interface Scope {
  path: FolderPath;
  words: Words;
}

/** A limit of bytes per second, which all transfers with the same key share. */
export interface Rate {
  /** `account:UID` or `link:ID`. */
  key: string;
  rate: number;
  /** Completes "the cap of …". */
  label: string;
}

export interface AskerOptions {
  via: Via;
  /** The account, or the account that made the link; null for anyone. */
  account: string | null;
  /** Teams of the account, without the `@`. */
  teams?: readonly string[];
  /** An owner may do everything, and manages accounts. */
  owner?: boolean;
  scope?: Scope | null;
  /**
   * The text by which an upload remembers who made it: `anyone`, `account:UID`, `token:ID` or `link:ID`.
   * `Access.byMaker` finds the asker again.
   */
  maker: string;
  /** The id of the secret or link that was used; null for a password and for anyone. */
  credential?: string | null;
  /** Whether anyone could get more by logging in. */
  couldLogIn?: boolean;
  /** Of the account: another one after its password has changed. */
  epoch?: number;
  rates?: readonly Rate[];
}

const NO_RATES: readonly Rate[] = [];

/** Immutable: holds for the moment of one request. Keep `maker` for longer, and ask `Access.byMaker` again. */
export class Asker {
  readonly via: Via;
  readonly account: string | null;
  readonly owner: boolean;
  readonly scope: Scope | null;
  readonly maker: string;
  readonly credential: string | null;
  readonly couldLogIn: boolean;
  readonly epoch: number;
  readonly rates: readonly Rate[];
  readonly subjects: readonly string[];
  #view: View | undefined;

  constructor(
    readonly rules: Rules,
    {
      via,
      account,
      teams = [],
      owner = false,
      scope = null,
      maker,
      credential = null,
      couldLogIn = false,
      epoch = 0,
      rates = NO_RATES,
    }: AskerOptions,
  ) {
    this.via = via;
    this.account = account;
    this.owner = owner;
    this.scope = scope;
    this.maker = maker;
    this.credential = credential;
    this.couldLogIn = couldLogIn;
    this.epoch = epoch;
    this.rates = rates;
    this.subjects = [ANYONE, ...(account === null ? [] : [account]), ...teams.map((team) => `@${team}`)];
  }

  /** Whether the asker has proved to be an account, by any means but a link. */
  get isAccount(): boolean {
    return this.account !== null && this.via !== "link";
  }

  /** The account, and the token or link that speaks for it, for people: `anna by token 8sXk2Qp0`; null for anyone. */
  get label(): string | null {
    const byCredential = this.via === "token" || this.via === "link";
    return byCredential && this.account !== null
      ? `${this.account} by ${this.via} ${this.credential}`
      : this.account;
  }

  /** The words at a path. */
  words(path: FilePath | FolderPath): Words {
    const own = this.owner ? ALL_WORDS : this.rules.wordsOf(this.subjects, path);
    if (this.scope === null) return own;
    return isWithin(path, this.scope.path) ? own & this.scope.words : NO_WORDS;
  }

  can(word: Word, path: FilePath | FolderPath): boolean {
    return has(this.words(path), word);
  }

  /** Whether there is a path at which the asker has a word. */
  canSomewhere(word: Word): boolean {
    if (this.can(word, this.scope?.path ?? ROOT)) return true;
    for (const path of this.#changes(ROOT)) if (this.can(word, path)) return true;
    return false;
  }

  /** The first folder below a path at which the asker lacks a word that a nearer rule takes away; null if there is none. */
  refusedBelow(word: Word, path: FilePath | FolderPath): FolderPath | null {
    for (const below of this.#changes(path)) if (!this.can(word, below)) return below;
    return null;
  }

  /** The part of the tree that the asker may list; undefined if that is everything. */
  get view(): ViewText | undefined {
    if (this.owner && this.scope === null) return undefined;
    this.#view ??= this.#newView();
    return this.#view.isWhole ? undefined : this.#view.text;
  }

  #newView(): View {
    const { rules, owner, subjects, scope } = this;
    const key = JSON.stringify([owner, subjects, scope]);
    const known = rules.views.get(key);
    if (known) return known;
    const points = [...this.#changes(ROOT)].map((path): ViewPoint => [path, this.can("list", path)]);
    const view = new View([[ROOT, this.can("list", ROOT)], ...points]);
    if (rules.views.size >= MAX_VIEWS) rules.views.clear();
    rules.views.set(key, view);
    return view;
  }

  /** Whether another asker lacks a word, at a path or below it, where this one has it. */
  exceeds(other: Asker, word: Word, path: FilePath | FolderPath): boolean {
    for (const asker of [this, other])
      for (const at of [path, ...asker.#changes(path)])
        if (this.can(word, at) && !other.can(word, at)) return true;
    return false;
  }

  /** Whether an entry is shown in listings: it may be listed itself, or leads to a folder that may. */
  sees(path: FilePath | FolderPath): boolean {
    return this.can("list", path) || this.leadsTo("list", path);
  }

  /** Whether the asker has a word at a folder below a path. */
  leadsTo(word: Word, path: FilePath | FolderPath): boolean {
    for (const below of this.#changes(path)) if (this.can(word, below)) return true;
    return false;
  }

  /** The folders below a path at which the words of the asker may change. */
  *#changes(path: FilePath | FolderPath): Generator<FolderPath> {
    if (this.scope && this.scope.path !== path && isWithin(this.scope.path, path)) yield this.scope.path;
    if (!this.owner) yield* this.rules.below(this.subjects, path);
  }
}
