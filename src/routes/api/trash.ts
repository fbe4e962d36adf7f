// /api/trash, with --trash: what was removed is listed, restored, or removed for good.

import { Elysia, t } from "elysia";
import { claimedEntry } from "../../core/tree/copy-jobs.ts";
import { Problem } from "../../errors.ts";
import { access } from "../../plugins/access.ts";
import { requestInfoOf } from "../../plugins/request-info.ts";
import { CHANGE_PROBLEMS, ENTRY_PROBLEMS, empty, json, problems } from "../openapi/answers.ts";
import { Restoring, Trash } from "../openapi/change-shapes.ts";
import { Entry } from "../openapi/shapes.ts";
import { entryAnswer } from "../support/entry-answer.ts";
import { withoutIdleTimeout } from "../support/idle-timeout.ts";
import { jsonBody, jsonRequest } from "../support/json-body.ts";
import { MOVE_PROBLEMS } from "../support/move-request.ts";
import type { Services } from "../support/services.ts";

const MOST = 1000;

export function trashRoutes(services: Services) {
  const { config, log } = services;
  const opened = () => {
    if (services.trash) return services.trash;
    throw new Problem("not_found", "There is no trash: start the server with --trash 30d.");
  };
  return new Elysia({ name: "trash" })
    .use(access(config.allow))
    .get("/api/trash", ({ query }) => opened().list(query.limit ?? MOST, query.cursor), {
      allow: "delete",
      query: t.Object({
        limit: t.Optional(t.Integer({ minimum: 1, maximum: MOST, description: "Most entries of the page" })),
        cursor: t.Optional(t.String({ maxLength: 64, description: "`next` of the page before" })),
      }),
      response: {
        200: json(Trash, { description: "One page, the last removed first; `next` continues" }),
        ...problems(...ENTRY_PROBLEMS),
      },
      detail: { operationId: "listTrash", summary: "What was removed and can be restored", tags: ["Files"] },
    })
    .post(
      "/api/trash/restore",
      async ({ request, server }) => {
        const { id, conflict } = await jsonBody(services, request, Restoring);
        const placed = await withoutIdleTimeout(services, request, server, () =>
          opened().restore(id, conflict ?? config.conflict ?? "rename"),
        );
        const { path } = placed.entry;
        log.changed(request, { did: "restored", path, by: requestInfoOf(request)?.by });
        return entryAnswer(claimedEntry(placed), placed.replaced ? 200 : 201);
      },
      {
        parse: "none",
        allow: "write",
        response: {
          200: json(Entry, { description: "It replaced a file", headers: ["Location", "ETag"] }),
          201: json(Entry, { description: "It is where it was", headers: ["Location", "ETag"] }),
          ...problems(...CHANGE_PROBLEMS, ...MOVE_PROBLEMS),
        },
        detail: {
          operationId: "restore",
          summary: "Put back what was removed",
          description: "Missing folders are made. Replacing a file needs the grant `replace` besides.",
          tags: ["Files"],
          requestBody: jsonRequest(Restoring),
        },
      },
    )
    .delete(
      "/api/trash/:id",
      async ({ request, params, server }) => {
        await withoutIdleTimeout(services, request, server, () => opened().remove(params.id));
        const by = requestInfoOf(request)?.by;
        log.changed(request, { did: "removed from the trash", path: params.id, by });
        return new Response(null, { status: 204 });
      },
      {
        allow: "delete",
        params: t.Object({ id: t.String({ maxLength: 64, description: "From the list" }) }),
        response: {
          204: empty({ description: "It is gone for good" }),
          ...problems(...ENTRY_PROBLEMS),
        },
        detail: { operationId: "removeFromTrash", summary: "Remove for good", tags: ["Files"] },
      },
    );
}
