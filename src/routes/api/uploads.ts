// GET /api/uploads: what is arriving now and what waits to be resumed; GET /api/uploads/{id}: what arrives under one id.

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
      response: { 200: json(Uploads, { description: "None, or some" }), ...problems("not_allowed") },
      detail: {
        operationId: "listUploads",
        summary: "Uploads that are arriving now, or wait to be resumed",
        tags: ["Upload"],
      },
    })
    .get("/api/uploads/:id", ({ params }) => ({ uploads: uploader.activeUploads.reports(params.id) }), {
      // Who may only send can follow what is its own: nobody else knows the id.
      allow: "write",
      params: t.Object({
        id: t.String({ pattern: UPLOAD_ID, description: "The `X-Request-Id` it was sent with" }),
      }),
      response: {
        200: json(Uploads, { description: "Those with this id: a form has several, one after another" }),
        ...problems("not_allowed", "invalid_request"),
      },
      detail: {
        operationId: "getUpload",
        summary: "How an upload of one's own is doing",
        description: "None while it has not begun, and when it has ended.",
        tags: ["Upload"],
      },
    });
}
