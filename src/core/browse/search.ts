// Finds entries by name, ignoring case and accents, with a limit of time and of results.

import { Problem } from "../../errors.ts";
import type { FolderPath } from "../../path.ts";
import type { Entry } from "../../storage/entry.ts";
import { fold } from "../../storage/listing/name-query.ts";
import { Skipped } from "../../storage/listing/skipped.ts";
import type { ViewText } from "../../storage/listing/view.ts";
import type { Storage } from "../../storage/storage.ts";
import { Gate } from "../admission/gate.ts";

export interface SearchQuery {
  /** One or more words; a name matches if it contains all of them. */
  query: string;
  folder: FolderPath;
  kind?: Entry["kind"] | undefined;
  /** Whether to include entries whose name starts with a dot, and the contents of such folders. */
  hidden: boolean;
  /** Maximum number of results, at least 1. */
  limit: number;
  /** The entries that may be found: see `PageQuery`. @default all */
  view?: ViewText | undefined;
}

/** Whether the search covered everything below the folder, and if not, which limit ended it or that entries were skipped. */
export interface SearchEnd {
  complete: boolean;
  reason: "limit" | "time" | "skipped" | null;
  /** Entries that no path can contain, and folders that the server may not read; absent if there are none. */
  skipped?: number;
}

/** Maximum duration of a search, in seconds. */
export const SEARCH_SECONDS = 10;
/** Maximum words of a query. */
const MAX_WORDS = 16;
/** Searches that run concurrently. */
const MAX_CONCURRENT = 8;
/** Seconds a refused client is asked to wait. */
const RETRY_AFTER = 5;

/** Searches one storage. */
export class Search {
  readonly #gate = new Gate(
    MAX_CONCURRENT,
    {
      code: "too_many_searches",
      detail: `${MAX_CONCURRENT} searches are already running, the maximum. Try again in ${RETRY_AFTER} seconds.`,
    },
    RETRY_AFTER,
  );

  /** @param seconds maximum duration of each search */
  constructor(
    readonly storage: Storage,
    readonly seconds = SEARCH_SECONDS,
  ) {}

  /** Number of running searches. */
  get running(): number {
    return this.#gate.entered;
  }

  /**
   * Finds entries depth-first, those of one folder in the order of their names. A link is matched by its own name and not followed.
   * @param signal aborts the search, which then throws the reason of the signal
   * @throws Problem not_found, not_a_folder, invalid_request for a query without words or with too many, too_many_searches
   */
  async *find(query: SearchQuery, signal: AbortSignal): AsyncGenerator<Entry, SearchEnd, void> {
    const words = parseWords(query.query);
    const leave = this.#gate.enter();
    const timeout = AbortSignal.timeout(this.seconds * 1000);
    try {
      return yield* this.#matches(query, words, AbortSignal.any([signal, timeout]));
    } catch (error) {
      if (error === timeout.reason && !signal.aborted) return { complete: false, reason: "time" };
      throw error;
    } finally {
      leave();
    }
  }

  async *#matches(
    { folder, kind, hidden, limit, view }: SearchQuery,
    words: readonly string[],
    signal: AbortSignal,
  ): AsyncGenerator<Entry, SearchEnd, void> {
    let count = 0;
    const search = this.storage.search(folder, { words, kind, hidden, limit, view });
    try {
      for (;;) {
        const { done, value } = await search.next();
        signal.throwIfAborted();
        if (done) {
          if (value.count > 0) return { complete: false, reason: "skipped", skipped: value.count };
          return { complete: true, reason: null };
        }
        for (const entry of value) {
          if (count === limit) return { complete: false, reason: "limit" };
          count += 1;
          yield entry;
          signal.throwIfAborted();
        }
      }
    } finally {
      await search.return(new Skipped());
    }
  }
}

/** @throws Problem invalid_request */
function parseWords(query: string): string[] {
  const words = fold(query)
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length > 0 && words.length <= MAX_WORDS) return words;
  const detail =
    words.length === 0
      ? "The query has no word to search for. Enter at least one letter or digit."
      : `The query has ${words.length} words; the maximum is ${MAX_WORDS}.`;
  throw new Problem("invalid_request", detail, {
    errors: [{ code: "invalid_value", pointer: "/query/query", detail }],
  });
}
