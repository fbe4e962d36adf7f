// GET and HEAD /files/{path}: a file's bytes, a folder's listing as JSON, or the web page.

import { Elysia, t } from "elysia";
import { LISTING, listFolder } from "../../core/browse/listing.ts";
import { Problem } from "../../errors.ts";
import { folderRedirect } from "../../http/folder-redirect.ts";
import { preferredType } from "../../http/negotiation/accept.ts";
import { targetOf } from "../../http/target.ts";
import { checkFilePath, EntryPathParam, type FolderPath, ROOT, urlOf } from "../../path.ts";
import { access, askerOf, prove } from "../../plugins/access.ts";
import { bytes, ENTRY_PROBLEMS, empty, problems } from "../openapi/answers.ts";
import { requestHeaders } from "../openapi/headers.ts";
import { fileAnswer } from "../support/download/file-answer.ts";
import { getOrHead } from "../support/download/get-or-head.ts";
import { openFile, visibleEntry } from "../support/download/visible-entry.ts";
import { folderPage } from "../support/folder-page.ts";
import { type BunServer, withoutIdleTimeout } from "../support/idle-timeout.ts";
import { JSON_HEADERS } from "../support/json-answer.ts";
import { pageAnswer } from "../support/page-html.ts";
import type { Services } from "../support/services.ts";

const FILE_HEADERS = [
  "Content-Length",
  "Content-Disposition",
  "ETag",
  "Last-Modified",
  "Repr-Digest",
] as const;

/** The media type depends on the file. */
const ANY_TYPE = ["*/*"];

export function download(services: Services) {
  const { storage } = services;
  // Registered for all methods (others end as 405): Elysia answers HEAD of a wildcard GET by reading the whole body.
  return new Elysia({ name: "download" }).use(access(services)).all(
    "/files/*",
    async ({ request, params, query, server }) => {
      const path = params["*"];
      // A folder needs only `list`.
      if (askerOf(request).sees(path)) prove(request, [], path);
      else prove(request, "read", path);
      const slash = path === ROOT || targetOf(request).path.endsWith("/");
      // Open without a lookup first: a lookup would cost as much again.
      const file = slash ? null : await openFile(services, request, checkFilePath(path));
      if (file)
        return await fileAnswer(services, file, { request, server, save: query.download !== undefined });
      const entry = await visibleEntry(services, request, path);
      if (entry?.kind === "folder") return await folderAnswer(path, request, server, query.cursor);
      if (entry && slash)
        throw new Problem("not_found", "This is a file: request it without the trailing slash.");
      // A browser that follows a dead link gets the page, which explains the error and offers navigation.
      if (preferred(request, "application/problem+json", "application/json", "text/html") === "text/html")
        return await pageAnswer(request, 404);
      throw new Problem("not_found", "No file or folder has this path.");
    },
    {
      transform: getOrHead,
      parse: "none",
      allow: "read",
      params: t.Object({ "*": EntryPathParam }),
      query: t.Object({
        download: t.Optional(t.String({ description: "Force a save dialog" })),
        cursor: t.Optional(t.String({ description: "Of a folder: continue the page after these entries" })),
      }),
      response: {
        200: bytes(
          {
            description:
              "The file's bytes; the media type follows from the extension, or from the first bytes",
            headers: FILE_HEADERS,
          },
          ANY_TYPE,
        ),
        206: bytes(
          {
            description: "The requested range; several ranges as `multipart/byteranges`",
            headers: ["Content-Range", ...FILE_HEADERS],
          },
          ANY_TYPE,
        ),
        301: empty({
          description: "A folder that was requested without the slash at its end",
          headers: ["Location"],
        }),
        304: empty({
          description: "The client already has this version",
          headers: ["ETag", "Last-Modified"],
        }),
        ...problems(...ENTRY_PROBLEMS, "is_folder", "precondition_failed", "range_not_satisfiable"),
      },
      detail: {
        operationId: "getFile",
        summary: "Download a file, or list a folder",
        description:
          "A folder is answered with its `Listing` for `Accept: application/json` (prefer `GET /api/entries`), otherwise with the web page. The page holds its entries as links: the first ones for `Accept: text/html`, else all. With `Accept: text/html` a missing path is also answered with the web page, and status 404.",
        tags: ["Files"],
        parameters: requestHeaders(
          "If-Match",
          "If-Unmodified-Since",
          "If-None-Match",
          "If-Modified-Since",
          "Range",
          "If-Range",
          "Want-Repr-Digest",
        ),
      },
    },
  );

  async function folderAnswer(
    folder: FolderPath,
    request: Request,
    server: BunServer,
    cursor: string | undefined,
  ): Promise<Response> {
    if (preferred(request, "text/html", "application/json") !== "application/json")
      return targetOf(request).path.endsWith("/")
        ? await folderPage(services, request, server, folder, cursor)
        : folderRedirect(urlOf(folder, "folder"));
    const make = () =>
      listFolder(storage, folder, { ...LISTING, cursor, view: askerOf(request).view }, request.signal);
    const text = JSON.stringify(await withoutIdleTimeout(services, request, server, make, "listing"));
    const headers = {
      ...JSON_HEADERS,
      vary: "Accept",
      "content-length": String(Buffer.byteLength(text)),
    };
    return new Response(text, { headers });
  }
}

/** The type that the client prefers, the first one of equals. */
function preferred(request: Request, ...types: string[]): string | null {
  return preferredType(request.headers.get("accept"), types);
}
