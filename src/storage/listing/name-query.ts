// Matches names against the words of a search, ignoring case and accents.

import type { Entry } from "../entry.ts";
import { isHidden } from "./paging.ts";
import type { ViewText } from "./view.ts";

/** Selects entries by name. */
export interface NameQuery {
  /** Folded by `fold`; a name matches if it contains all of them. */
  words: readonly string[];
  kind?: Entry["kind"] | undefined;
  /** Whether to include entries whose name starts with a dot, and the contents of such folders. */
  hidden: boolean;
  /** Entries the caller will take, about. */
  limit: number;
  /** The entries that may be found: see `PageQuery`. @default all */
  view?: ViewText | undefined;
}

/** Folds a text for comparison: compatible characters become equal, and case and accents are removed. */
export function fold(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text.toUpperCase();
  // Normalized again, because uppercasing may expand a letter into several, some with accents: ŉ is ʼN, ΐ is Ϊ́.
  return text.normalize("NFKD").toUpperCase().normalize("NFKD").replace(/\p{M}/gu, "");
}

/** Whether the words of the query are in a name. */
export function matchesName({ words }: NameQuery, name: string): boolean {
  const folded = fold(name);
  return words.every((word) => folded.includes(word));
}

/** Whether a name, and everything below it, is left out. */
export function isLeftOut({ hidden }: NameQuery, name: string): boolean {
  return !hidden && isHidden(name);
}
