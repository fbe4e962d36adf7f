// Finds entries by their names: without case and accents, for so long, and so many.

import { Problem } from "../../errors.ts";
import { type FolderPath, nameOf } from "../../path.ts";
import type { Entry } from "../../storage/entry.ts";
import type { Storage } from "../../storage/storage.ts";
import { Gate } from "../admission/gate.ts";
import { walk } from "./walk.ts";

export interface SearchQuery {
  /** One word or several; a name that holds all of them is found. */
  query: string;
  folder: FolderPath;
  kind?: Entry["kind"] | undefined;
  /** Entries whose name starts with a dot, and what is below such folders, as well. */
  hidden: boolean;
  /** From 1: most entries that are found. */
  limit: number;
}

/** Whether everything was looked at, and if not, what ended the search. */
export interface SearchEnd {
  complete: boolean;
  reason: "limit" | "time" | null;
}

/** Seconds a search takes at most. */
export const SEARCH_SECONDS = 10;
/** Most words of a query. */
const MOST_WORDS = 16;
/** Searches that run at the same time. */
const MAX_CONCURRENT = 8;
/** Seconds a refused client is asked to wait. */
const RETRY_AFTER = 5;

/** A text as it is compared: compatible characters, cases and accents are one. */
export function folded(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text.toUpperCase();
  // Some letters become several by that, and some of these have an accent: ŉ is ʼN, ΐ is Ϊ́.
  return text.normalize("NFKD").toUpperCase().normalize("NFKD").replace(/\p{M}/gu, "");
}

/** The searches in one storage. */
export class Search {
  readonly #gate = new Gate(
    MAX_CONCURRENT,
    {
      code: "too_many_searches",
      detail: `${MAX_CONCURRENT} searches are already running, the maximum. Try again in ${RETRY_AFTER} seconds.`,
    },
    RETRY_AFTER,
  );

  /** @param seconds that each takes at most */
  constructor(
    readonly storage: Storage,
    readonly seconds = SEARCH_SECONDS,
  ) {}

  /** Searches that run now. */
  get running(): number {
    return this.#gate.entered;
  }

  /**
   * Finds entries in the order of a walk. A link is found by its own name; nothing is looked for behind it.
   * @param signal ends the search, which then throws its reason
   * @throws Problem not_found, not_a_folder, invalid_request without a word, too_many_searches
   */
  async *find(query: SearchQuery, signal: AbortSignal): AsyncGenerator<Entry, SearchEnd, void> {
    const words = wordsOf(query.query);
    const leave = this.#gate.enter();
    const time = AbortSignal.timeout(this.seconds * 1000);
    try {
      return yield* this.#found(query, words, AbortSignal.any([signal, time]));
    } catch (error) {
      if (error === time.reason && !signal.aborted) return { complete: false, reason: "time" };
      throw error;
    } finally {
      leave();
    }
  }

  async *#found(
    { folder, kind, hidden, limit }: SearchQuery,
    words: readonly string[],
    signal: AbortSignal,
  ): AsyncGenerator<Entry, SearchEnd, void> {
    let found = 0;
    for await (const entry of walk(this.storage, folder, { signal, hidden })) {
      if (kind !== undefined && entry.kind !== kind) continue;
      const name = folded(nameOf(entry.path));
      if (!words.every((word) => name.includes(word))) continue;
      if (found === limit) return { complete: false, reason: "limit" };
      found += 1;
      yield entry;
    }
    return { complete: true, reason: null };
  }
}

function wordsOf(query: string): string[] {
  const words = folded(query)
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length > 0 && words.length <= MOST_WORDS) return words;
  const detail =
    words.length === 0 ? "Say at least one letter or digit." : `Say no more than ${MOST_WORDS} words.`;
  throw new Problem("invalid_request", detail, {
    errors: [{ code: "invalid_value", pointer: "/query/query", detail }],
  });
}
