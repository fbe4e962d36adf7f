// GET /s/{token}/entries, /files/{path} and /archive: what a link to a file or folder shows, and its downloads.

import { Elysia, t } from "elysia";
import type { Link } from "../../access/database/snapshot.ts";
import { linkGone, stateOfLink } from "../../access/links/link-state.ts";
import type { Downloader } from "../../access/links/links.ts";
import { FORMATS } from "../../core/archive/archive.ts";
import { LISTING, type ListedEntry, listed, listFolder, MAX_ENTRIES } from "../../core/browse/listing.ts";
import { Problem } from "../../errors.ts";
import {
  below,
  checkFilePath,
  checkFolderPath,
  EntryPathParam,
  type FilePath,
  type FolderPath,
  FolderPathValue,
  isWithin,
  nameOf,
  ROOT,
  urlOf,
} from "../../path.ts";
import { access } from "../../plugins/access.ts";
import { eventOf } from "../../plugins/event-observer.ts";
import { requestInfoOf } from "../../plugins/request-info.ts";
import { SORTS } from "../../storage/listing/paging.ts";
import { bytes, ENTRY_PROBLEMS, json, problems } from "../openapi/answers.ts";
import { requestHeaders } from "../openapi/headers.ts";
import { Listing, oneOf } from "../openapi/shapes.ts";
import { ARCHIVE_TYPES, archiveAnswer } from "../support/download/archive-answer.ts";
import { fileAnswer } from "../support/download/file-answer.ts";
import { getOrHead } from "../support/download/get-or-head.ts";
import { withoutIdleTimeout } from "../support/idle-timeout.ts";
import { jsonAnswer } from "../support/json-answer.ts";
import type { Services } from "../support/services.ts";
import type { AnswerHeaders } from "../uploads/dialect.ts";
import { LINK_PROBLEMS, type OpenedLink, openLink, rememberVisit } from "./opened-link.ts";
import { Token } from "./visiting.ts";

/** Programs that look at links in messages, and browsers that guess the next click. They get no bytes of a link that counts. */
const PREVIEWS =
  /bot\b|crawl|spider|preview|facebookexternalhit|whatsapp|slack|telegram|discord|skype|embedly|mastodon|signal|vkshare|pinterest/i;

export function downloading(services: Services) {
  const { storage, links, access: known } = services;
  return new Elysia({ name: "link-downloading" })
    .use(access(services))
    .get(
      "/s/:token/entries",
      async ({ request, server, params: { token }, query }) => {
        const opened = await openShared(request, token);
        const { link, asker, visit } = opened;
        if (stateOfLink(link, known.now()) === "used" && !links.hasTicket(link, visit.id)) throw linkGone();
        const folder = query.folder ?? ROOT;
        const shown = (entry: ListedEntry): ListedEntry => relative(entry, token, link);
        if (link.kind === "file") {
          if (folder !== ROOT) throw notHere();
          return jsonAnswer({ folder, entries: [shown(listed(opened.entry))], next: null });
        }
        const path = await folderOf(opened, folder);
        const options = {
          sort: query.sort ?? LISTING.sort,
          order: query.order ?? LISTING.order,
          limit: query.limit ?? LISTING.limit,
          cursor: query.cursor,
          foldersFirst: query.foldersFirst === "true",
          hidden: false,
          view: asker.view,
        };
        const make = () => listFolder(storage, path, options, request.signal);
        const listing = await withoutIdleTimeout(services, request, server, make, "listing");
        return jsonAnswer({ ...listing, folder, entries: listing.entries.map(shown) });
      },
      {
        allow: "link",
        params: Token,
        query: t.Object({
          folder: t.Optional(FolderPathValue),
          sort: t.Optional(oneOf(SORTS, "Sort key")),
          order: t.Optional(oneOf(["asc", "desc"], "Default `asc`")),
          limit: t.Optional(
            t.Integer({ minimum: 1, maximum: MAX_ENTRIES, description: "Entries of a page" }),
          ),
          cursor: t.Optional(t.String({ maxLength: 4096, description: "`next` of the previous page" })),
          foldersFirst: t.Optional(oneOf(["true", "false"], "List folders before files")),
        }),
        response: {
          200: json(Listing, { description: "One page. Paths begin at the folder of the link" }),
          ...problems(...ENTRY_PROBLEMS, ...LINK_PROBLEMS, "not_a_folder"),
        },
        detail: { operationId: "listLink", summary: "List a folder of a link", tags: ["Links"] },
      },
    )
    .all(
      "/s/:token/archive",
      async ({ request, server, params: { token }, query, set }) => {
        const opened = await openShared(request, token);
        const { link } = opened;
        const folder = link.kind === "file" ? link.path : await folderOf(opened, query.folder ?? ROOT);
        const content = `archive of ${folder}`;
        if (!links.isOpenFor(link, downloaderOf(opened, request, content))) throw linkGone();
        return await archiveAnswer(services, request, server, {
          paths: [folder],
          format: query.format ?? "zip",
          spend: async () => {
            await spendOn(opened, { request, set, token, content });
            used(request, folder);
          },
        });
      },
      {
        transform: getOrHead,
        parse: "none",
        allow: "link",
        params: Token,
        query: t.Object({
          folder: t.Optional(FolderPathValue),
          format: t.Optional(oneOf(FORMATS, "Default `zip`, without compression")),
        }),
        response: {
          200: bytes({ description: "The archive" }, Object.values(ARCHIVE_TYPES)),
          ...problems(...ENTRY_PROBLEMS, ...LINK_PROBLEMS, "too_many_archives"),
        },
        detail: {
          operationId: "getLinkArchive",
          summary: "Download a folder of a link as one archive",
          description: "Counts as a download.",
          tags: ["Links"],
        },
      },
    )
    .all(
      "/s/:token/files/*",
      async ({ request, server, params, query, set }) => {
        const { token } = params;
        const opened = await openShared(request, token);
        const { link, asker } = opened;
        const path = pathIn(link, params["*"]);
        const readable = (at: FilePath | FolderPath): boolean => asker.can("read", at);
        if (path === null || !readable(path)) throw notHere();
        const file = await storage.open(checkFilePath(path)).catch((error: unknown) => {
          throw error instanceof Problem && error.code === "is_folder" ? notHere() : error;
        });
        const { etag, target } = file.entry;
        // A symbolic link that leads out of the folder of the link.
        const isOut = target !== undefined && !readable(target);
        if (isOut || !links.isOpenFor(link, downloaderOf(opened, request, etag))) {
          await file.close();
          throw isOut ? notHere() : linkGone();
        }
        const spend = async ({ etag }: { etag: string }): Promise<void> => {
          await spendOn(opened, { request, set, token, content: etag });
          // The other parts of a download that is resumed, or has several connections, are not told.
          if (/^bytes=0-/.test(request.headers.get("range") ?? "bytes=0-")) used(request, path);
        };
        const answer = await fileAnswer(services, file, {
          request,
          server,
          save: query.download !== undefined,
          spend,
        });
        answer.headers.set("cache-control", "private, no-cache");
        return answer;
      },
      {
        transform: getOrHead,
        parse: "none",
        allow: "link",
        params: t.Object({ ...Token.properties, "*": EntryPathParam }),
        query: t.Object({ download: t.Optional(t.String({ description: "Force a save dialog" })) }),
        response: {
          200: bytes({ description: "The file's bytes", headers: ["Content-Length", "ETag"] }, ["*/*"]),
          206: bytes({ description: "The requested range", headers: ["Content-Range"] }, ["*/*"]),
          ...problems(...ENTRY_PROBLEMS, ...LINK_PROBLEMS, "precondition_failed", "range_not_satisfiable"),
        },
        detail: {
          operationId: "getLinkFile",
          summary: "Download a file of a link",
          description:
            "The first answer with bytes counts as a download. Those who have spent one may go on with it: a browser for a day, another program for an hour from the same address. HEAD never counts. Prefetches and previews get no bytes of a link that counts downloads.",
          tags: ["Links"],
          parameters: requestHeaders("If-Match", "If-None-Match", "Range", "If-Range"),
        },
      },
    );

  function used(request: Request, path: FilePath | FolderPath): void {
    services.hooks.emit(eventOf("link.used", request, { path }));
  }

  /** Opens a link that is no drop. @throws Problem not_found for a drop, whose content nobody may see */
  async function openShared(request: Request, token: string): Promise<OpenedLink> {
    const opened = await openLink(services, request, token);
    if (opened.link.kind === "drop") throw notHere();
    return opened;
  }

  /** The path below the root of a folder of a link. @throws Problem not_found, also where a symbolic link leads out of it */
  async function folderOf({ link, asker }: OpenedLink, folder: FolderPath): Promise<FolderPath> {
    const path = folder === ROOT ? link.path : checkFolderPath(below(link.path, folder));
    const entry = await storage.find(path);
    if (entry?.kind !== "folder" || !asker.sees(path)) throw notHere();
    if (entry.target !== undefined && !isWithin(entry.target, link.path)) throw notHere();
    return path;
  }

  /** Spends a download before bytes are sent. @throws Problem link_gone when none is left */
  async function spendOn(
    opened: OpenedLink,
    {
      request,
      set,
      token,
      content,
    }: { request: Request; set: AnswerHeaders; token: string; content: string },
  ): Promise<void> {
    const { link, visit, returning } = opened;
    if (link.downloadsLeft === null) return;
    const { headers } = request;
    const ahead = headers.get("sec-purpose") ?? headers.get("purpose") ?? headers.get("x-moz") ?? "";
    if (/prefetch|preview|prerender/i.test(ahead) || PREVIEWS.test(headers.get("user-agent") ?? ""))
      throw new Problem(
        "not_allowed",
        "This link counts its downloads: open its page, and download the file from there.",
      );
    if (!(await links.spend(link, downloaderOf(opened, request, content)))) throw linkGone();
    if (!returning) rememberVisit(services, request, set, token, link, visit);
  }
}

/** Browsers keep cookies. Other people behind the same address are other visitors. */
function downloaderOf({ visit, returning }: OpenedLink, request: Request, content: string): Downloader {
  const program = !returning && !request.headers.has("sec-fetch-mode");
  return { visit: visit.id, address: program ? requestInfoOf(request)?.address : undefined, content };
}

/** The path of a file of a link; null when the link has no such path. */
function pathIn(link: Link, rest: FolderPath): FilePath | null {
  if (link.kind === "file") return rest === nameOf(link.path) ? checkFilePath(link.path) : null;
  return rest === ROOT ? null : below(link.path, rest);
}

/** An entry as visitors see it: its path and its URL begin at the link. */
function relative(entry: ListedEntry, token: string, link: Link): ListedEntry {
  const path =
    link.kind === "file" ? entry.name : entry.path.slice(link.path === ROOT ? 0 : link.path.length + 1);
  return { ...entry, path, url: urlOf(checkFilePath(path), entry.kind, `/s/${token}/files/`) };
}

function notHere(): Problem {
  return new Problem("not_found", "The link has no file or folder with this path.");
}
