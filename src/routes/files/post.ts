// POST /files/{folder}/: a form with any number of files, or one file named by ?name= or Content-Disposition.

import { Elysia, t } from "elysia";
import { Problem } from "../../errors.ts";
import { filenameOf } from "../../http/disposition/disposition.ts";
import { targetOf } from "../../http/target.ts";
import { below, type FilePath, type FolderPath, FolderPathParam } from "../../path.ts";
import { access, askerOf, prove } from "../../plugins/access.ts";
import { renewAsker } from "../../plugins/revoking/revoking.ts";
import { json, problems, SAVED_HEADERS, UPLOAD_PROBLEMS } from "../openapi/answers.ts";
import { requestHeaders, UPLOAD_HEADERS } from "../openapi/headers.ts";
import { Conflict, FormResult, SavedFile } from "../openapi/shapes.ts";
import { boundaryIn, formAnswer, receiveForm } from "../support/form-body.ts";
import { permitUpload } from "../support/permit-upload.ts";
import { saveBody, uploadRequest } from "../support/request-body.ts";
import type { Services } from "../support/services.ts";

export function post(services: Services) {
  const { config } = services;
  return new Elysia({ name: "post" }).use(access(services)).post(
    "/files/*",
    async ({ request, params, query, server }) => {
      const folder = params["*"];
      const boundary = boundaryIn(request);
      const intent = uploadRequest(request, query.conflict ?? config.conflict ?? "rename");
      if (boundary === null)
        return await saveBody(services, request, server, pathOf(request, folder, query.name), intent);
      // The word somewhere below is enough to read the form: each file proves its own path.
      if (!askerOf(request).leadsTo("write", folder)) prove(request, "write", folder);
      const permit = (path: FilePath) => {
        renewAsker(services.access, request);
        return permitUpload(services, request, path, undefined);
      };
      const result = await receiveForm(services, request, server, { folder, boundary, intent, permit });
      return formAnswer(request, result, (file) => file);
    },
    {
      parse: "none",
      allow: "write",
      params: t.Object({ "*": FolderPathParam }),
      query: t.Object({
        name: t.Optional(t.String({ description: "Name of the file, when the body is one file" })),
        conflict: t.Optional(Conflict),
      }),
      response: {
        200: json(t.Union([SavedFile, FormResult]), {
          description:
            "One file, which replaced an existing one; or files that were all here already (`repeated`)",
          headers: SAVED_HEADERS,
        }),
        201: json(t.Union([SavedFile, FormResult]), {
          description: "One new file (`SavedFile`), or all files of a form (`FormResult`)",
          headers: SAVED_HEADERS,
        }),
        207: json(FormResult, {
          description: "Some files of a form were saved; `errors` explains the others",
          headers: ["Server-Timing"],
        }),
        ...problems(...UPLOAD_PROBLEMS, "missing_name", "no_files", "invalid_multipart", "too_many_files"),
      },
      detail: {
        operationId: "postFiles",
        summary: "Save files to a folder",
        description:
          "The path is that of the folder, with or without a trailing slash; empty for the root. Every form part with a file name is saved; the name may contain folders. Any other body is one file, named by `name` or `Content-Disposition`.",
        tags: ["Upload"],
        parameters: requestHeaders("Content-Disposition", ...UPLOAD_HEADERS),
        requestBody: {
          required: true,
          content: {
            "multipart/form-data": {
              schema: {
                type: "object",
                required: ["file"],
                properties: { file: { type: "array", items: { type: "string", format: "binary" } } },
              },
            },
            "application/octet-stream": { schema: { type: "string", format: "binary" } },
          },
        },
      },
    },
  );
}

function pathOf(request: Request, folder: FolderPath, queryName: string | undefined): FilePath {
  const name = queryName ?? filenameOf(request.headers.get("content-disposition"));
  if (name !== null) return below(folder, name);
  const naming = "send ?name=photo.jpg, or Content-Disposition with filename";
  // `curl -X POST -T photo.jpg …/files/` has put the name into the URL.
  const hint = targetOf(request).path.endsWith("/")
    ? ""
    : `. The URL is that of a folder: to save the file under this URL, use PUT instead of POST`;
  throw new Problem("missing_name", `The file has no name: ${naming}${hint}.`);
}
