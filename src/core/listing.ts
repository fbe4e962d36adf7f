// One page of a folder: sorted as people count ("file 2" before "file 10"), continued by a cursor.

import { Problem } from "../errors.ts";
import { type FolderPath, nameOf, urlOf } from "../path.ts";
import type { Entry, Storage } from "../storage/storage.ts";
import { Sharing } from "./sharing.ts";

/** What entries can be sorted by. */
export const SORTS = ["name", "size", "modified", "kind"] as const;
export type Sort = (typeof SORTS)[number];

/** Most entries of a page. */
export const MOST_ENTRIES = 1000;

export interface ListingOptions {
  sort: Sort;
  order: "asc" | "desc";
  /** 1 to {@link MOST_ENTRIES}. */
  limit: number;
  /** `next` of the page before. */
  cursor?: string | undefined;
  foldersFirst: boolean;
  /** Entries whose name starts with a dot as well. */
  hidden: boolean;
}

/** How a listing is made when nothing is said. */
export const LISTING: ListingOptions = {
  sort: "name",
  order: "asc",
  limit: MOST_ENTRIES,
  foldersFirst: false,
  hidden: false,
};

/** An entry as clients see it. */
export interface ListedEntry {
  path: string;
  name: string;
  kind: "file" | "folder";
  size?: number;
  modified: string;
  url: string;
  etag?: string;
}

/** One page; `next` is null on the last. */
export interface Listing {
  folder: FolderPath;
  entries: ListedEntry[];
  next: string | null;
}

/** Where an entry stands in the order. A cursor is the place of the last entry, so it survives inserts and removals. */
type Place = readonly [folderLast: number, key: number | string, name: string];
type Placed = { entry: Entry; place: Place };

/** Pages made at the same time: of a folder with 60,000 entries one takes half a second and 40 MB. */
const AT_ONCE = 2;
/** Milliseconds of looking through entries before others have their turn. */
const TURN = 5;

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "variant" });
const byText = (a: string, b: string): number => collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);

const listings = new WeakMap<Storage, Sharing<Listing>>();

/**
 * Lists one page. Shared by all who wait for the same one, so not to be changed.
 * @throws Problem not_found, not_a_folder, invalid_request for a cursor that is none
 */
export async function list(storage: Storage, folder: FolderPath, options: ListingOptions): Promise<Listing> {
  const after = options.cursor === undefined ? undefined : placeIn(options.cursor);
  const sharing = listings.get(storage) ?? new Sharing(AT_ONCE);
  listings.set(storage, sharing);
  return await sharing.ask(JSON.stringify([folder, options]), () => page(storage, folder, options, after));
}

async function page(
  storage: Storage,
  folder: FolderPath,
  options: ListingOptions,
  after: Place | undefined,
): Promise<Listing> {
  const places = await firstOf(await storage.list(folder), options, after);
  const shown = places.slice(0, options.limit);
  const last = shown.at(-1);
  return {
    folder,
    entries: shown.map(({ entry }) => listed(entry)),
    next:
      last && places.length > shown.length
        ? Buffer.from(JSON.stringify(last.place)).toString("base64url")
        : null,
  };
}

/**
 * The first entries after a place, in order: one more than the limit, if there are so many. The others are never
 * sorted, and a folder of any length lets others have their turn meanwhile.
 */
async function firstOf(
  entries: readonly Entry[],
  options: ListingOptions,
  after: Place | undefined,
): Promise<Placed[]> {
  const compare = comparison(options);
  const most = options.limit + 1;
  let first: Placed[] = [];
  // What comes behind it is not among the first.
  let bound: Place | undefined;
  const settle = (): void => {
    first = first.sort((a, b) => compare(a.place, b.place)).slice(0, most);
    if (first.length === most) bound = first.at(-1)?.place;
  };
  let began = performance.now();
  for (const entry of entries) {
    if (performance.now() - began > TURN) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      began = performance.now();
    }
    if (!options.hidden && nameOf(entry.path).startsWith(".")) continue;
    const place = placeOf(entry, options);
    if (after && compare(place, after) <= 0) continue;
    if (bound && compare(place, bound) > 0) continue;
    first.push({ entry, place });
    if (first.length >= 2 * most) settle();
  }
  settle();
  return first;
}

/** An entry in the shape of the API. */
export function listed(entry: Entry): ListedEntry {
  return {
    path: entry.path,
    name: nameOf(entry.path),
    kind: entry.kind,
    ...(entry.kind === "file" && { size: entry.size, etag: entry.etag }),
    modified: entry.modified.toISOString(),
    url: urlOf(entry.path, entry.kind),
  };
}

function placeOf(entry: Entry, { sort, foldersFirst }: ListingOptions): Place {
  const name = nameOf(entry.path);
  const keys: Record<Sort, number | string> = {
    name: 0,
    size: entry.kind === "file" ? entry.size : 0,
    modified: entry.modified.getTime(),
    kind: entry.kind === "folder" ? "" : (/(?!^)\.([^.]+)$/.exec(name)?.[1] ?? "").toLowerCase(),
  };
  return [foldersFirst && entry.kind === "file" ? 1 : 0, keys[sort], name];
}

function comparison({ order }: ListingOptions): (a: Place, b: Place) => number {
  const sign = order === "asc" ? 1 : -1;
  return (a, b) =>
    a[0] - b[0] ||
    sign *
      ((typeof a[1] === "number" && typeof b[1] === "number"
        ? a[1] - b[1]
        : byText(String(a[1]), String(b[1]))) || byText(a[2], b[2]));
}

function placeIn(cursor: string): Place {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (Array.isArray(place) && place.length === 3) {
      const [first, key, name]: unknown[] = place;
      if (
        typeof first === "number" &&
        (typeof key === "number" || typeof key === "string") &&
        typeof name === "string"
      )
        return [first, key, name];
    }
  } catch {
    // Not a cursor: said below, as for every other text.
  }
  const detail = "The cursor is not one that this server gave: start again without it.";
  throw new Problem("invalid_request", detail, {
    errors: [{ code: "invalid_value", pointer: "/query/cursor", detail }],
  });
}
