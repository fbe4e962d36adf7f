// GET and HEAD /api/archive: streams folders and files as one archive.

import { Elysia, NotFoundError, t } from "elysia";
import { paced } from "../../core/admission/cap-share.ts";
import { Archives, FORMATS, type Format } from "../../core/archive/archive.ts";
import { asProblem, Problem } from "../../errors.ts";
import { attachment } from "../../http/disposition/disposition.ts";
import { targetOf } from "../../http/target.ts";
import { checkFolderPath, type FilePath, type FolderPath, FolderPathValue, ROOT } from "../../path.ts";
import { access, askerOf, prove } from "../../plugins/access.ts";
import type { Download } from "../../plugins/log.ts";
import { requestInfoOf, timed } from "../../plugins/request-info.ts";
import { watchGrants } from "../../plugins/revoking/revoking.ts";
import { bytes, ENTRY_PROBLEMS, problems } from "../openapi/answers.ts";
import { oneOf } from "../openapi/shapes.ts";
import { cutConnection } from "../support/connection/connection.ts";
import { shareOf } from "../support/connection/request-caps.ts";
import { PATIENCE } from "../support/send-file.ts";
import type { Services } from "../support/services.ts";

const TYPES: Readonly<Record<Format, string>> = {
  zip: "application/zip",
  tar: "application/x-tar",
  "tar.gz": "application/gzip",
  "tar.zst": "application/zstd",
};

export function archive(services: Services) {
  const { config, storage, log, caps } = services;
  const archives = new Archives(storage);
  // Registered for all methods (others end as 405): Elysia answers HEAD of a GET by running it.
  return new Elysia({ name: "archive" }).use(access(services)).all(
    "/api/archive",
    async ({ request, query, server }) => {
      const format = query.format ?? "zip";
      const paths = pathsOf(request, query.folder);
      const asker = askerOf(request);
      for (const path of paths) prove(request, "read", path);
      const may = {
        view: asker.view,
        reads: (path: FilePath | FolderPath) => asker.can("read", path) || asker.leadsTo("read", path),
      };
      const archive = await timed(request, "looking", () =>
        archives.open(paths, format, requestInfoOf(request)?.client, may),
      );
      const name = `${archive.name}.${format}`;
      const headers = new Headers({
        "content-type": TYPES[format],
        "content-disposition": attachment(name),
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
        ...(archive.size !== undefined && { "x-archive-bytes": String(archive.size) }),
      });
      if (request.method === "HEAD") {
        archive.close();
        // Otherwise Bun would send `Content-Length: 0`.
        headers.set("transfer-encoding", "chunked");
        return new Response(null, { headers });
      }
      const began = performance.now();
      requestInfoOf(request)?.logOnFinish();
      const share = shareOf({ caps }, request);
      const renew = () => void server?.timeout(request, Math.ceil(config.idleTimeout) * PATIENCE);
      let revoked = false;
      const stop = watchGrants(services.access, request, { word: "read", paths }, () => {
        revoked = true;
        cutConnection(request, server);
      });
      const ended = (ending: Download["ending"], bytes: number | null): void => {
        stop();
        log.sent(request, {
          path: name,
          bytes,
          seconds: (performance.now() - began) / 1000,
          ending,
          cap: share?.name,
          skipped: archive.skipped,
        });
      };
      const stream = archive.stream({
        pulled: renew,
        sent: (bytes) => ended("sent", bytes),
        cancelled: () => ended(revoked ? "revoked" : "cut", archive.size ?? null),
        failed: (error) => {
          stop();
          log.problem(request, asProblem(error, "The archive was cut, because it could not be made."));
        },
      });
      return new Response(share ? paced(stream, share, renew) : stream, { headers });
    },
    {
      transform({ request: { method } }) {
        if (method !== "GET" && method !== "HEAD") throw new NotFoundError();
      },
      parse: "none",
      allow: "read",
      query: t.Object({
        folder: t.Optional(FolderPathValue),
        paths: t.Optional(
          t.Array(t.String(), {
            description: "Instead of `folder`: paths of files and folders below the root. Repeatable",
          }),
        ),
        format: t.Optional(oneOf(FORMATS, "Default `zip`, without compression")),
      }),
      response: {
        200: bytes(
          { description: "The archive", headers: ["Content-Disposition", "X-Archive-Bytes"] },
          Object.values(TYPES),
        ),
        ...problems(...ENTRY_PROBLEMS, "too_many_archives"),
      },
      detail: {
        operationId: "getArchive",
        summary: "Download folders and files as one archive",
        description:
          "Entry names begin with the folder's own name, except for the root. Hidden files and empty folders are included, folders behind links are not. An entry that the server may not read, or whose name no URL can contain, is left out, and a text file at the end of the archive, `not-in-this-archive.txt`, names it. The archive is created while it is sent: if a file cannot be read completely, the connection is closed.",
        tags: ["Files"],
      },
    },
  );
}

/** Parsed here, because Elysia would parse a value that begins with `[` as a list. */
function pathsOf(request: Request, folder: FolderPath | undefined): FolderPath[] {
  const paths = new URLSearchParams(targetOf(request).query).getAll("paths");
  if (paths.length === 0) return [folder ?? ROOT];
  if (folder === undefined) return paths.map((path, index) => checkFolderPath(path, `/paths/${index}`));
  const detail = "Send either `folder` or `paths`, not both.";
  throw new Problem("invalid_request", detail, {
    errors: [{ code: "invalid_value", pointer: "/query/paths", detail }],
  });
}
