// GET and HEAD /api/archive: streams folders and files as one archive.

import { Elysia, t } from "elysia";
import { FORMATS } from "../../core/archive/archive.ts";
import { Problem } from "../../errors.ts";
import { targetOf } from "../../http/target.ts";
import { checkFolderPath, type FolderPath, FolderPathValue, ROOT } from "../../path.ts";
import { access, prove } from "../../plugins/access.ts";
import { bytes, ENTRY_PROBLEMS, problems } from "../openapi/answers.ts";
import { oneOf } from "../openapi/shapes.ts";
import { ARCHIVE_TYPES, archiveAnswer } from "../support/download/archive-answer.ts";
import { getOrHead } from "../support/download/get-or-head.ts";
import type { Services } from "../support/services.ts";

export function archive(services: Services) {
  // Registered for all methods (others end as 405): Elysia answers HEAD of a GET by running it.
  return new Elysia({ name: "archive" }).use(access(services)).all(
    "/api/archive",
    async ({ request, query, server }) => {
      const format = query.format ?? "zip";
      const paths = pathsOf(request, query.folder);
      for (const path of paths) prove(request, "read", path);
      return await archiveAnswer(services, request, server, { paths, format });
    },
    {
      transform: getOrHead,
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
          Object.values(ARCHIVE_TYPES),
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
