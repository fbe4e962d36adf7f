// GET /api/uploads: running and unfinished uploads; GET /api/uploads/{id}: the running uploads with one id.

import { Elysia, t } from "elysia";
import { access } from "../../plugins/access.ts";
import { json, problems } from "../openapi/answers.ts";
import { UPLOAD_ID } from "../openapi/headers.ts";
import { Uploads } from "../openapi/shapes.ts";
import type { Services } from "../support/services.ts";

export function listUploads({ config, uploader, events }: Services) {
  return new Elysia({ name: "uploads" })
    .use(access(config.allow))
    .get("/api/uploads", () => events.list(), {
      allow: "read",
      response: {
        200: json(Uploads, { description: "The uploads; may be empty" }),
        ...problems("not_allowed"),
      },
      detail: {
        operationId: "listUploads",
        summary: "List running and unfinished uploads",
        tags: ["Upload"],
      },
    })
    .get("/api/uploads/:id", ({ params }) => ({ uploads: uploader.activeUploads.reports(params.id) }), {
      // A client that may only upload can follow its own upload: only it knows the id.
      allow: "write",
      params: t.Object({
        id: t.String({ pattern: UPLOAD_ID, description: "The `X-Request-Id` of the upload request" }),
      }),
      response: {
        200: json(Uploads, {
          description: "The uploads with this id; a form has several, one after another",
        }),
        ...problems("not_allowed", "invalid_request"),
      },
      detail: {
        operationId: "getUpload",
        summary: "Get the progress of one's own upload",
        description: "Empty before the upload begins and after it has ended.",
        tags: ["Upload"],
      },
    });
}
