// PUT /files/{path}: the body is the file.

import { Elysia, t } from "elysia";
import { Problem } from "../../errors.ts";
import { FilePathParam } from "../../path.ts";
import { access } from "../../plugins/access.ts";
import { json, problems, SAVED_HEADERS, UPLOAD_PROBLEMS } from "../openapi/answers.ts";
import { requestHeaders, UPLOAD_HEADERS } from "../openapi/headers.ts";
import { Conflict, SavedFile } from "../openapi/shapes.ts";
import { saveBody, uploadRequest } from "../support/request-body.ts";
import type { Services } from "../support/services.ts";

export function put(services: Services) {
  const { config } = services;
  return new Elysia({ name: "put" }).use(access(services)).put(
    "/files/*",
    async ({ request, params, query, server }) => {
      if (request.headers.has("content-range"))
        throw new Problem(
          "content_range",
          "Partial PUT is not supported: send the whole file, without Content-Range.",
        );
      const options = uploadRequest(request, query.conflict ?? config.conflict ?? "replace");
      return await saveBody(services, request, server, params["*"], options);
    },
    {
      parse: "none",
      allow: "write",
      params: t.Object({ "*": FilePathParam }),
      query: t.Object({ conflict: t.Optional(Conflict) }),
      response: {
        200: json(SavedFile, {
          description: "The existing file was replaced, or had these bytes already (`repeated`)",
          headers: SAVED_HEADERS,
        }),
        201: json(SavedFile, { description: "A new file was saved", headers: SAVED_HEADERS }),
        ...problems(...UPLOAD_PROBLEMS, "content_range"),
      },
      detail: {
        operationId: "putFile",
        summary: "Save a file",
        description:
          "Missing folders are created. The answer is sent once the file and its name are synced to the disk.",
        tags: ["Upload"],
        parameters: requestHeaders(...UPLOAD_HEADERS),
        requestBody: {
          required: true,
          content: { "application/octet-stream": { schema: { type: "string", format: "binary" } } },
        },
      },
    },
  );
}
