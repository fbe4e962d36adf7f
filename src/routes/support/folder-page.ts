// The page of a folder, with its entries as plain links: for browsers until the script has loaded, and for programs.

import {
  LISTING,
  type ListedEntry,
  type Listing,
  listFolder,
  MAX_ENTRIES,
} from "../../core/browse/listing.ts";
import { Problem } from "../../errors.ts";
import { namesHtml } from "../../http/negotiation/accept.ts";
import { type FolderPath, urlOf } from "../../path.ts";
import { askerOf } from "../../plugins/access.ts";
import { publicPrefix } from "../../plugins/request-info.ts";
import { formatBytes } from "../../units.ts";
import { type BunServer, withoutIdleTimeout } from "./idle-timeout.ts";
import { folderHtml, PAGE_HEADERS, pageAnswer, pageHtml } from "./page-html.ts";
import type { Services } from "./services.ts";

/** Entries for browsers: as many as the script of the page asks for first. */
const FIRST_ENTRIES = 200;

/**
 * Answers with the page of a folder. Clients that accept HTML, which are browsers, get the first entries and a link to more;
 * others (wget, rclone) get all entries, because they do not know which link leads to more.
 * @param cursor `next` of the page before
 * @throws Problem not_found, not_a_folder, invalid_request
 */
export async function folderPage(
  services: Services,
  request: Request,
  server: BunServer,
  folder: FolderPath,
  cursor?: string,
): Promise<Response> {
  const { storage } = services;
  const base = publicPrefix(request);
  const browser = namesHtml(request.headers);
  const list = (after: string | undefined): Promise<Listing> =>
    withoutIdleTimeout(
      services,
      request,
      server,
      () =>
        listFolder(
          storage,
          folder,
          {
            ...LISTING,
            foldersFirst: true,
            hidden: true,
            limit: browser ? FIRST_ENTRIES : MAX_ENTRIES,
            cursor: after,
            view: askerOf(request).view,
          },
          request.signal,
        ),
      "listing",
    );
  const listing = await list(cursor).catch((error: unknown) => {
    // The script of the page asks again, and explains the problem.
    if (browser && cursor === undefined && error instanceof Problem) return null;
    throw error;
  });
  if (listing === null) return await pageAnswer(request);
  const { entries, next, skipped = 0 } = listing;
  const more =
    browser && next !== null ? `${base}${urlOf(folder, "folder")}?cursor=${encodeURIComponent(next)}` : "";
  const [before, after] = folderHtml(await pageHtml(base), folder, {
    base,
    empty: entries.length === 0,
    next: more,
    skipped,
  });
  const first = before + rows(entries, base);
  if (browser || next === null) return new Response(first + after, { headers: PAGE_HEADERS });
  const headers = { ...PAGE_HEADERS, "cache-control": "no-cache, no-transform" };
  if (request.method === "HEAD") return new Response(null, { headers });
  return new Response(streamed(first, after, next, list, base), { headers });
}

/** The page of a folder that is larger than one listing. A client that reads slowly slows the listing down. */
function streamed(
  first: string,
  last: string,
  next: string,
  list: (after: string) => Promise<Listing>,
  base: string,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let cursor: string | null = next;
  return new ReadableStream<Uint8Array>({
    start: (stream) => stream.enqueue(encoder.encode(first)),
    async pull(stream) {
      if (cursor === null) return;
      const page: Listing = await list(cursor);
      cursor = page.next;
      stream.enqueue(encoder.encode(rows(page.entries, base) + (cursor === null ? last : "")));
      if (cursor === null) stream.close();
    },
  });
}

function rows(entries: readonly ListedEntry[], base: string): string {
  return entries.map((entry) => row(entry, base)).join("");
}

/** One entry, as a row that looks like those of the script. A URL needs no escapes but for the quote that it may contain. */
function row({ name, kind, size, modified, url }: ListedEntry, base: string): string {
  const bytes = size === undefined ? ">" : ` data-bytes="${size}">${formatBytes(size)}`;
  const time = `<time datetime="${modified}">${modified.slice(0, 16).replace("T", " ")}</time>`;
  return `<tr class="entry"><td class="entry-check"></td><th class="entry-name" scope="row"><a class="entry-link" href="${base}${url.replaceAll("'", "%27")}"><svg class="icon entry-icon" aria-hidden="true"><use href="#icon-${kind}"></use></svg><bdi>${Bun.escapeHTML(name)}</bdi></a></th><td class="entry-size"${bytes}</td><td class="entry-modified">${time}</td></tr>`;
}
