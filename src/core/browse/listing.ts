// One page of a folder: sorted as people count ("file 2" before "file 10"), continued by a cursor.

import { Problem } from "../../errors.ts";
import { type FolderPath, nameOf, urlOf } from "../../path.ts";
import type { Entry } from "../../storage/entry.ts";
import type { PageKey, PageQuery } from "../../storage/paging.ts";
import type { Storage } from "../../storage/storage.ts";
import { SingleFlight } from "../../system/single-flight.ts";

/** Most entries of a page. */
export const MOST_ENTRIES = 1000;

export interface ListingOptions extends Omit<PageQuery, "after"> {
  /** `next` of the page before. */
  cursor?: string | undefined;
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

/** Pages made at the same time, of different folders: more would only wait for each other. */
const MAX_CONCURRENT = 2;
const listings = new WeakMap<Storage, SingleFlight<Listing>>();

/**
 * Lists one page. Shared by all who wait for the same one, so not to be changed.
 * @param signal says that this one does not wait any more: a page that nobody waits for is not made
 * @throws Problem not_found, not_a_folder, invalid_request for a cursor that is none; the reason of the signal
 */
export async function listFolder(
  storage: Storage,
  folder: FolderPath,
  options: ListingOptions,
  signal?: AbortSignal,
): Promise<Listing> {
  const after = options.cursor === undefined ? undefined : placeIn(options.cursor);
  const sharing = listings.get(storage) ?? new SingleFlight({ concurrency: MAX_CONCURRENT });
  listings.set(storage, sharing);
  const { cursor: _, ...rest } = options;
  const query: PageQuery = { ...rest, after };
  const make = async (): Promise<Listing> => {
    const { entries, next } = await storage.page(folder, query);
    return { folder, entries: entries.map(listed), next: next && cursorOf(next) };
  };
  return await sharing.run(JSON.stringify([folder, query]), make, {
    partition: folder,
    ...(signal && { signal }),
  });
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

const cursorOf = (place: PageKey): string => Buffer.from(JSON.stringify(place)).toString("base64url");

function placeIn(cursor: string): PageKey {
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
