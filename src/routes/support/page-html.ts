// The HTML of the web page: index.html, with the values of this server and the entries of a folder filled in.

import { join } from "node:path";
import { checkFolderPath, type FolderPath, nameOf, ROOT, segmentsOf, urlOf } from "../../path.ts";
import { publicPrefix } from "../../plugins/request-info.ts";
import { linksUnder } from "../../plugins/target/base-path.ts";

/** The folder of the page. In the binary, every module has the top of the embedded tree as its folder. */
export const ASSETS = Bun.isStandaloneExecutable
  ? join(import.meta.dir, "public")
  : join(import.meta.dir, "../../../public");

export const SECURITY = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

export const PAGE_HEADERS = {
  ...SECURITY,
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-cache",
  vary: "Accept",
};

/** The pages of the server, below public/: that of a folder, of a link, and the one where people set their password. */
export type PageFile = "index.html" | "link/link.html" | "start/start.html";

/** Where a page receives the public prefix of the server. */
const BASE = /(?<=<meta name="sluice-base" content=")/;

/** A page without entries: its script reads from the address what to show. */
export async function pageAnswer(
  request: Request,
  status: 200 | 401 | 404 | 410 = 200,
  file: PageFile = "index.html",
): Promise<Response> {
  return new Response(await pageHtml(publicPrefix(request), file), { status, headers: PAGE_HEADERS });
}

/** The text of a page, with URLs below the public prefix. */
export async function pageHtml(prefix: string, file: PageFile = "index.html"): Promise<string> {
  const text = await Bun.file(join(ASSETS, file)).text();
  return linksUnder(prefix, text.replace(BASE, prefix));
}

/**
 * The page of a folder in two parts: the rows of its table go between them.
 * @param next the URL of the page with the following entries, "" if there is none
 * @param skipped entries that cannot be shown
 */
export function folderHtml(
  page: string,
  folder: FolderPath,
  { base, empty, next, skipped }: { base: string; empty: boolean; next: string; skipped: number },
): [before: string, after: string] {
  let html = show(page, empty ? "empty" : "entries");
  if (folder !== ROOT) {
    const name = Bun.escapeHTML(nameOf(folder));
    html = fill(html, "<title>", `${name} – `);
    html = fill(html, 'id="current-folder" tabindex="-1">', `<bdi>${name}</bdi>`, "Files");
    html = fill(html, 'id="crumbs">', crumbs(folder, base));
  }
  const foot =
    next !== ""
      ? `<a class="list-more" href="${Bun.escapeHTML(next)}">More entries</a>`
      : skipped > 0 &&
        `${skipped} ${skipped === 1 ? "entry" : "entries"} cannot be shown: ${skipped === 1 ? "rename it" : "rename them"} on the server`;
  if (foot) html = fill(show(html, "list-foot"), 'id="list-count">', foot);
  const rows = 'id="entry-rows">';
  const end = html.indexOf(rows) + rows.length;
  return [html.slice(0, end), html.slice(end)];
}

/** Links to the folders above a folder; the page of the root is that of the server. */
function crumbs(folder: FolderPath, base: string): string {
  const segments = segmentsOf(folder);
  const items = segments.map((_, depth) => {
    const parent = checkFolderPath(segments.slice(0, depth).join("/"));
    const url = base + (parent === ROOT ? "/" : urlOf(parent, "folder"));
    const name = parent === ROOT ? "Files" : Bun.escapeHTML(nameOf(parent));
    return `<li class="crumb"><a class="crumb-link" href="${url}"><bdi>${name}</bdi></a></li>`;
  });
  return items.join("");
}

/** Inserts markup after a place that index.html has, instead of the text that is there. */
function fill(html: string, place: string, markup: string, text = ""): string {
  const at = html.indexOf(place + text);
  if (at === -1) throw new Error(`index.html has no ${place}`);
  const start = at + place.length;
  return html.slice(0, start) + markup + html.slice(start + text.length);
}

/** Shows an element that index.html hides. */
function show(html: string, id: string): string {
  return html.replace(new RegExp(`(id="${id}"[^>]*?) hidden>`), "$1>");
}
