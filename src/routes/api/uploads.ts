// GET /api/uploads: running and unfinished uploads; GET and DELETE /api/uploads/{id}: those with one id.

import { Elysia, t } from "elysia";
import type { UploadFilter } from "../../core/report/active-uploads.ts";
import { Problem } from "../../errors.ts";
import { ROOT } from "../../path.ts";
import { access, prove } from "../../plugins/access.ts";
import { seenUploads } from "../../plugins/revoking/own-uploads.ts";
import { empty, json, problems } from "../openapi/answers.ts";
import { UPLOAD_ID } from "../openapi/headers.ts";
import { Uploads } from "../openapi/shapes.ts";
import type { Services } from "../support/services.ts";

export function listUploads(services: Services) {
  const { uploader, uploads, events } = services;
  return new Elysia({ name: "uploads" })
    .use(access(services))
    .get(
      "/api/uploads",
      ({ request }) => {
        prove(request, [], ROOT);
        return events.list(seenUploads(request));
      },
      {
        allow: "list",
        response: {
          200: json(Uploads, { description: "The uploads; may be empty" }),
          ...problems("not_allowed"),
        },
        detail: {
          operationId: "listUploads",
          summary: "List running and unfinished uploads",
          tags: ["Upload"],
        },
      },
    )
    .get(
      "/api/uploads/:id",
      ({ request, params }) => {
        prove(request, [], ROOT);
        // The id alone is not enough: clients choose it.
        const uploads = uploader.activeUploads.reports(seenUploads(request));
        return { uploads: uploads.filter(({ id }) => id === params.id) };
      },
      {
        // Those who may only upload can follow their own uploads.
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
          description:
            "Empty before the upload begins and after it has ended, and for uploads of others at paths that may not be listed.",
          tags: ["Upload"],
        },
      },
    )
    .delete(
      "/api/uploads/:id",
      async ({ request, params: { id } }) => {
        const asker = prove(request, [], ROOT);
        const may: UploadFilter = (path) => asker.can("delete", path);
        // Sessions first: cancelling one also ends its running request, with an answer that later requests get too.
        const ended = (await uploads.cancel(id, may)) + uploader.activeUploads.cancel(id, may);
        if (ended > 0) return new Response(null, { status: 204 });
        const seen = events.list(seenUploads(request)).uploads.find((upload) => upload.id === id);
        if (seen) prove(request, "delete", seen.path);
        throw new Problem(
          "not_found",
          "No unfinished upload has this id, or all its bytes are there and its file is being saved. GET /api/uploads lists the ids.",
        );
      },
      {
        allow: "delete",
        params: t.Object({
          id: t.String({ pattern: UPLOAD_ID, description: "The `id` in `GET /api/uploads`" }),
        }),
        response: {
          204: empty({ description: "The upload was cancelled" }),
          ...problems("not_allowed", "not_found", "invalid_request", "storage_failed"),
        },
        detail: {
          operationId: "cancelListedUpload",
          summary: "Cancel a running or an unfinished upload of any client",
          description:
            "Needs `delete` at its path. Its bytes are deleted. A running request, and later ones to the same resumable upload, are answered with `upload_cancelled`.",
          tags: ["Upload"],
        },
      },
    );
}
