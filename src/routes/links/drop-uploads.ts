// POST and OPTIONS /s/{token}/uploads: creates a resumable upload to a drop. It continues at /uploads/{id}.

import { Elysia, t } from "elysia";
import { access } from "../../plugins/access.ts";
import { empty, json, problems } from "../openapi/answers.ts";
import { requestHeaders } from "../openapi/headers.ts";
import { DroppedFile } from "../openapi/link-shapes.ts";
import type { Services } from "../support/services.ts";
import { answerUpload, uploadAbilities } from "../uploads/dialect.ts";
import { DROP_PROBLEMS, openDrop, refuseConditions, Sender } from "./dropping.ts";
import { Token } from "./visiting.ts";

export function dropUploads(services: Services) {
  return new Elysia({ name: "link-uploads" })
    .use(access(services))
    .post(
      "/s/:token/uploads",
      async ({ request, server, params: { token }, query, set }) => {
        refuseConditions(request);
        const drop = await openDrop(services, request, set, token, query.from);
        const context = { request, server, path: undefined, conflict: "rename" as const, id: "", drop };
        return await answerUpload(services, set, context);
      },
      {
        parse: "none",
        allow: "link",
        params: Token,
        query: t.Object({ from: Sender }),
        response: {
          201: json(DroppedFile, {
            description:
              "The upload was created. The body is the saved file if it is complete (not with tus)",
            headers: ["Location", "Upload-Offset", "Upload-Complete", "Upload-Limit", "Server-Timing"],
          }),
          ...problems(...DROP_PROBLEMS, "too_many_waiting", "unsupported_version", "checksum_mismatch"),
        },
        detail: {
          operationId: "createLinkUpload",
          summary: "Create a resumable upload to a drop",
          description:
            "tus 1.0.0 or Resumable Uploads for HTTP. Parts cannot be concatenated. The upload continues at its `Location`, also when the link has expired meanwhile.",
          tags: ["Links"],
          parameters: requestHeaders(
            "Tus-Resumable",
            "Upload-Length",
            "Upload-Metadata",
            "Upload-Complete",
            "Upload-Draft-Interop-Version",
          ),
          requestBody: {
            content: { "application/offset+octet-stream": { schema: { type: "string", format: "binary" } } },
          },
        },
      },
    )
    .options("/s/:token/uploads", ({ request }) => uploadAbilities(services, request, true), {
      parse: "none",
      allow: "link",
      params: Token,
      response: {
        200: empty({ description: "Protocol versions, extensions and limits", headers: ["Tus-Version"] }),
        ...problems("not_allowed"),
      },
      detail: {
        operationId: "getLinkUploadAbilities",
        summary: "Protocol versions, extensions and limits of uploads to a drop",
        tags: ["Links"],
      },
    });
}
