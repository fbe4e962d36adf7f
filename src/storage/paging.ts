// In which order entries are listed, and what a page of a folder is.

import { nameOf } from "../path.ts";
import type { Entry } from "./entry.ts";
import { naturalOrder } from "./natural-order.ts";

/** What entries can be sorted by. */
export const SORTS = ["name", "size", "modified", "kind"] as const;
export type Sort = (typeof SORTS)[number];

/** Which entries of a folder are wanted, and in which order. */
export interface PageQuery {
  sort: Sort;
  order: "asc" | "desc";
  foldersFirst: boolean;
  /** Entries whose name starts with a dot as well. */
  hidden: boolean;
  /** From 1: most entries of the page. */
  limit: number;
  /** The page begins behind this place; whether an entry still has it does not matter. */
  after?: PageKey | undefined;
}

export interface Page {
  entries: Entry[];
  /** The place of the last one, `null` when nothing comes behind it. */
  next: PageKey | null;
}

/** Where an entry stands in an order: what is compared, from left to right. Only the first is never reversed. */
export type PageKey = readonly [folderLast: number, key: number | string, name: string];

/** Whether a name is hidden unless asked for. */
export const isHidden = (name: string): boolean => name.startsWith(".");

/** What stands behind the last dot of a name in lower case; nothing for hidden names without another dot. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : "";
}

/** The place of an entry in an order. */
export function pageKeyOf(
  entry: Entry,
  { sort, foldersFirst }: Pick<PageQuery, "sort" | "foldersFirst">,
): PageKey {
  const name = nameOf(entry.path);
  const keys = {
    name: () => 0,
    size: () => (entry.kind === "file" ? entry.size : 0),
    modified: () => entry.modified.getTime(),
    kind: () => (entry.kind === "folder" ? "" : extensionOf(name)),
  };
  return [foldersFirst && entry.kind === "file" ? 1 : 0, keys[sort](), name];
}

/** Compares places of one order. */
export function comparePageKeys(a: PageKey, b: PageKey, order: PageQuery["order"]): number {
  const sign = order === "asc" ? 1 : -1;
  return a[0] - b[0] || sign * (compareKeys(a[1], b[1]) || naturalOrder(a[2], b[2]));
}

/** Compares what two entries are sorted by. A cursor may hold any kind of key: its page is empty or odd, not an error. */
export function compareKeys(a: number | string, b: number | string): number {
  return typeof a === "number" && typeof b === "number" ? a - b : naturalOrder(String(a), String(b));
}

/** A page of entries that are all in memory already. */
export function pageOf(entries: readonly Entry[], query: PageQuery): Page {
  const { order, hidden, limit, after } = query;
  const placed = entries
    .filter(({ path }) => hidden || !isHidden(nameOf(path)))
    .map((entry) => ({ entry, place: pageKeyOf(entry, query) }))
    .filter(({ place }) => !after || comparePageKeys(place, after, order) > 0)
    .sort((a, b) => comparePageKeys(a.place, b.place, order));
  const shown = placed.slice(0, limit);
  return {
    entries: shown.map(({ entry }) => entry),
    next: placed.length > limit ? (shown.at(-1)?.place ?? null) : null,
  };
}
