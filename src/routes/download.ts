// GET and HEAD /files/{path}: a file's bytes, a folder's listing as JSON, or the web page.

import { Elysia, NotFoundError, t } from "elysia";
import mime from "mime/lite";
import { LISTING, list } from "../core/listing.ts";
import { Problem } from "../errors.ts";
import { attachment, inline } from "../http/disposition.ts";
import { unsatisfiable } from "../http/range.ts";
import { checkFilePath, type FolderPath, FolderPathParam, nameOf } from "../path.ts";
import { access } from "../plugins/access.ts";
import type { FileEntry, StoredFile } from "../storage/storage.ts";
import { bytes, ENTRY_PROBLEMS, problems } from "./answers.ts";
import { requestHeaders } from "./headers.ts";
import { pageAnswer } from "./page.ts";
import type { Listener } from "./receiving.ts";
import { sending } from "./sending.ts";
import type { Services } from "./services.ts";

const FILE_HEADERS = ["Content-Length", "Content-Disposition", "ETag", "Last-Modified"] as const;

/** What a browser could run in a stored file stays in a box without scripts, forms and this server's origin. */
const SANDBOX =
  "sandbox; default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; font-src data:";

export function download({ config, storage }: Services) {
  // Registered for all methods (others end as 405): Elysia answers HEAD of a wildcard GET by reading the whole body.
  return new Elysia({ name: "download" }).use(access(config.allow)).all(
    "/files/*",
    async ({ request, params, query, server }) => {
      const path = params["*"];
      const entry = await storage.find(path);
      if (entry === null) {
        // Someone who followed an old link gets the page, which says so and leads on.
        if (request.headers.get("accept")?.includes("text/html")) return pageAnswer(404);
        throw new Problem("not_found", "There is nothing under this path.");
      }
      if (entry.kind === "folder") return await folderAnswer(path, request);
      if (new URL(request.url, "http://localhost").pathname.endsWith("/"))
        throw new Problem("not_found", "This is a file: ask for it without the slash at the end.");
      return await fileAnswer(await storage.open(checkFilePath(path)), request, {
        save: query.download !== undefined,
        server,
        idleTimeout: config.idleTimeout,
      });
    },
    {
      transform({ request: { method } }) {
        if (method !== "GET" && method !== "HEAD") throw new NotFoundError();
      },
      parse: "none",
      allow: "read",
      params: t.Object({ "*": FolderPathParam }),
      query: t.Object({ download: t.Optional(t.String({ description: "Force a save dialog" })) }),
      response: {
        200: bytes({
          description: "The file's bytes; the media type is the one of its name",
          headers: FILE_HEADERS,
        }),
        206: bytes({
          description: "The bytes that `Range` asked for",
          headers: ["Content-Range", ...FILE_HEADERS],
        }),
        ...problems(...ENTRY_PROBLEMS, "is_folder", "range_not_satisfiable"),
      },
      detail: {
        operationId: "getFile",
        summary: "Download a file, or list a folder",
        description:
          "A folder is answered with its `Listing` for `Accept: application/json` (as by `GET /api/entries`, which clients use better), otherwise with the web page.",
        tags: ["Files"],
        parameters: requestHeaders("Range", "If-Range"),
      },
    },
  );

  async function folderAnswer(folder: FolderPath, request: Request): Promise<Response> {
    if (!request.headers.get("accept")?.includes("application/json")) return pageAnswer();
    const text = JSON.stringify(await list(storage, folder, LISTING));
    const headers = {
      "content-type": "application/json",
      "cache-control": "no-store",
      vary: "Accept",
      "content-length": String(Buffer.byteLength(text)),
    };
    return new Response(request.method === "HEAD" ? null : text, { headers });
  }
}

/** All of it is about the one open file: its name may be another file's by now. */
async function fileAnswer(
  file: StoredFile,
  request: Request,
  { save, server, idleTimeout }: { save: boolean; server: Listener; idleTimeout: number },
): Promise<Response> {
  const { size } = file.entry;
  const headers = fileHeaders(file.entry, save);
  if (request.method === "HEAD") {
    await file.close();
    headers.set("content-length", String(size));
    return new Response(null, { headers });
  }
  if (unsatisfiable(request.headers, { size, headers })) {
    await file.close();
    throw new Problem("range_not_satisfiable", `The file has ${size} bytes.`, {
      headers: { "content-range": `bytes */${size}` },
    });
  }
  return new Response(await sending(file, request, server, idleTimeout), { headers });
}

function fileHeaders(entry: FileEntry, save: boolean): Headers {
  const name = nameOf(entry.path);
  const type = mime.getType(name) ?? "application/octet-stream";
  return new Headers({
    "content-type": type.startsWith("text/") ? `${type}; charset=utf-8` : type,
    "content-disposition": save ? attachment(name) : inline(name),
    "content-security-policy": SANDBOX,
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
    "accept-ranges": "bytes",
    etag: entry.etag,
    "last-modified": entry.modified.toUTCString(),
  });
}
