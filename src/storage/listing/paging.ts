// Sort orders and pages of folder listings.

import { nameOf } from "../../path.ts";
import type { Entry } from "../entry.ts";
import { naturalOrder } from "./natural-order.ts";
import { type ViewText, viewOf } from "./view.ts";

/** Properties that entries can be sorted by. */
export const SORTS = ["name", "size", "modified", "kind"] as const;
export type Sort = (typeof SORTS)[number];

/** Selects a page of a folder. */
export interface PageQuery {
  sort: Sort;
  order: "asc" | "desc";
  foldersFirst: boolean;
  /** Includes entries whose name starts with a dot. */
  hidden: boolean;
  /** Maximum number of entries, at least 1. */
  limit: number;
  /** The page starts after this position, even if the entry at it is gone. */
  after?: PageKey | undefined;
  /** The entries that may be shown: a link only if the view shows both its own path and the one it leads to. @default all */
  view?: ViewText | undefined;
}

/** The order of names alone, without groups. */
export const BY_NAME = { sort: "name", order: "asc", foldersFirst: false, hidden: true } as const;

export interface Page {
  entries: Entry[];
  /** The position of the last entry, `null` on the last page. */
  next: PageKey | null;
  /** Entries of the folder that are not on any page, see `Skipped`. Of those without access, only the ones met on this page. */
  skipped: number;
}

/** Position of an entry in an order: its keys, compared from left to right. `order: "desc"` does not reverse the first. */
export type PageKey = readonly [folderLast: number, key: number | string, name: string];

/** Whether listings omit a name by default. */
export const isHidden = (name: string): boolean => name.startsWith(".");

/** The part of a name after its last dot, in lower case; empty for hidden names without another dot. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : "";
}

/** The position of an entry in an order. */
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

/** Compares two positions of one order. */
export function comparePageKeys(a: PageKey, b: PageKey, order: PageQuery["order"]): number {
  const sign = order === "asc" ? 1 : -1;
  return a[0] - b[0] || sign * (compareKeys(a[1], b[1]) || naturalOrder(a[2], b[2]));
}

/** Compares two sort keys. A forged cursor may mix types: the page is then empty or odd, but not an error. */
export function compareKeys(a: number | string, b: number | string): number {
  return typeof a === "number" && typeof b === "number" ? a - b : naturalOrder(String(a), String(b));
}

/** Sorts and cuts entries that are already in memory. */
export function pageOf(entries: readonly Entry[], query: PageQuery): Page {
  const { order, hidden, limit, after } = query;
  const view = viewOf(query.view);
  const sorted = entries
    .filter(({ path }) => (hidden || !isHidden(nameOf(path))) && (view?.sees(path) ?? true))
    .map((entry) => ({ entry, key: pageKeyOf(entry, query) }))
    .filter(({ key }) => !after || comparePageKeys(key, after, order) > 0)
    .sort((a, b) => comparePageKeys(a.key, b.key, order));
  const shown = sorted.slice(0, limit);
  return {
    entries: shown.map(({ entry }) => entry),
    next: sorted.length > limit ? (shown.at(-1)?.key ?? null) : null,
    skipped: 0,
  };
}
