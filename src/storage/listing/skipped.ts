// Counts the entries that an answer leaves out, and names the first, so that no answer is silently incomplete.

/**
 * `name`: no path of a client can contain the name. `access`: the system does not let the server read the entry. `grant`: the
 * asker may list it, but not read it.
 */
export type SkipReason = "name" | "access" | "grant";

/** The reasons as shown to people. */
export const SKIP_REASONS: Readonly<Record<SkipReason, string>> = {
  name: "no URL can contain this name: rename it on the server",
  access: "the server may not read it",
  grant: "you may not read it",
};

export interface SkippedEntry {
  /** Relative to the folder in question; bytes and characters that are no text are escaped, so it may not be a `FilePath`. */
  path: string;
  reason: SkipReason;
}

/** A plain object, so that it can be posted between threads. */
export interface SkippedEntries {
  /** A folder counts once, whatever is in it. */
  count: number;
  /** The first of them. */
  first: readonly SkippedEntry[];
}

/** Maximum number of named entries; further ones are only counted. */
const MAX_NAMED = 100;

export class Skipped implements SkippedEntries {
  count = 0;
  readonly first: SkippedEntry[] = [];

  add(path: string, reason: SkipReason): void {
    this.count += 1;
    if (this.first.length < MAX_NAMED) this.first.push({ path, reason });
  }

  /** Adds all that were skipped in a folder. */
  addAll(folder: string, { count, first }: SkippedEntries): void {
    for (const { path, reason } of first) this.add(folder === "" ? path : `${folder}/${path}`, reason);
    this.count += count - first.length;
  }
}
