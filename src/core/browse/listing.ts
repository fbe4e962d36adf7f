// Lists a folder page by page, in natural order ("file 2" before "file 10"), with a cursor for the next page.

import { Problem } from "../../errors.ts";
import { type FolderPath, nameOf, urlOf } from "../../path.ts";
import type { Entry } from "../../storage/entry.ts";
import type { PageKey, PageQuery } from "../../storage/listing/paging.ts";
import type { Storage } from "../../storage/storage.ts";
import { SingleFlight } from "../../system/single-flight.ts";

/** Maximum entries of a page. */
export const MAX_ENTRIES = 1000;

export interface ListingOptions extends Omit<PageQuery, "after"> {
  /** `next` of the previous page. */
  cursor?: string | undefined;
}

/** The default options. */
export const LISTING: ListingOptions = {
  sort: "name",
  order: "asc",
  limit: MAX_ENTRIES,
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

/** One page. */
export interface Listing {
  folder: FolderPath;
  entries: ListedEntry[];
  /** The cursor of the next page; null on the last. */
  next: string | null;
  /** Entries of the folder that cannot be shown, see `Page`; absent if there are none. */
  skipped?: number;
}

/** Folders listed concurrently in one storage: more would only wait for each other. */
const MAX_CONCURRENT = 2;
const listings = new WeakMap<Storage, SingleFlight<Listing>>();

/**
 * Lists one page. Concurrent callers share one result, so it must not be modified.
 * @param signal aborted when the caller goes away; a page without callers is not made unless it has begun
 * @throws Problem not_found, not_a_folder, invalid_request for an invalid cursor; the reason of the signal
 */
export async function listFolder(
  storage: Storage,
  folder: FolderPath,
  options: ListingOptions,
  signal?: AbortSignal,
): Promise<Listing> {
  const after = options.cursor === undefined ? undefined : parseCursor(options.cursor);
  const singleFlight = listings.get(storage) ?? new SingleFlight({ concurrency: MAX_CONCURRENT });
  listings.set(storage, singleFlight);
  const { cursor: _, ...query } = options;
  const pageQuery: PageQuery = { ...query, after };
  const list = async (): Promise<Listing> => {
    const { entries, next, skipped } = await storage.page(folder, pageQuery);
    return {
      folder,
      entries: entries.map(listed),
      next: next && formatCursor(next),
      ...(skipped > 0 && { skipped }),
    };
  };
  return await singleFlight.run(JSON.stringify([folder, pageQuery]), list, {
    partition: folder,
    ...(signal && { signal }),
  });
}

/** An entry as clients see it. */
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

const formatCursor = (position: PageKey): string =>
  Buffer.from(JSON.stringify(position)).toString("base64url");

/** @throws Problem invalid_request */
function parseCursor(cursor: string): PageKey {
  try {
    const position: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (Array.isArray(position) && position.length === 3) {
      const [group, key, name]: unknown[] = position;
      if (
        typeof group === "number" &&
        (typeof key === "number" || typeof key === "string") &&
        typeof name === "string"
      )
        return [group, key, name];
    }
  } catch {
    // Not JSON: rejected below, like any other invalid cursor.
  }
  const detail = "The cursor is invalid. Use `next` of the previous page, or omit the cursor to start again.";
  throw new Problem("invalid_request", detail, {
    errors: [{ code: "invalid_value", pointer: "/query/cursor", detail }],
  });
}
