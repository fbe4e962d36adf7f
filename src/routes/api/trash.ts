// /api/trash, with --trash: lists, restores and permanently deletes removed entries.

import { Elysia, t } from "elysia";
import { claimedEntry } from "../../core/tree/copy-jobs.ts";
import { Problem } from "../../errors.ts";
import { type FilePath, ROOT } from "../../path.ts";
import { access, prove, proveBelow, proveWrite } from "../../plugins/access.ts";
import { CHANGE_PROBLEMS, ENTRY_PROBLEMS, empty, json, problems } from "../openapi/answers.ts";
import { Restoring, Trash } from "../openapi/change-shapes.ts";
import { Entry } from "../openapi/shapes.ts";
import { entryAnswer } from "../support/entry-answer.ts";
import { withoutIdleTimeout } from "../support/idle-timeout.ts";
import { jsonBody, jsonRequest } from "../support/json-body.ts";
import { MOVE_PROBLEMS } from "../support/move-request.ts";
import type { Services } from "../support/services.ts";

const MAX_ENTRIES = 1000;

export function trashRoutes(services: Services) {
  const { config, log } = services;
  const requireTrash = () => {
    if (services.trash) return services.trash;
    throw new Problem("not_found", "The trash is disabled: start the server with --trash 30d.");
  };
  return new Elysia({ name: "trash" })
    .use(access(services))
    .get(
      "/api/trash",
      ({ request, query }) => {
        const asker = prove(request, [], ROOT);
        const sees = (path: FilePath): boolean => asker.can("delete", path);
        return requireTrash().list(query.limit ?? MAX_ENTRIES, query.cursor, sees);
      },
      {
        allow: "delete",
        query: t.Object({
          limit: t.Optional(
            t.Integer({
              minimum: 1,
              maximum: MAX_ENTRIES,
              description: "Maximum number of entries per page",
            }),
          ),
          cursor: t.Optional(t.String({ maxLength: 64, description: "`next` of the previous page" })),
        }),
        response: {
          200: json(Trash, {
            description: "One page, most recently removed first; `next` is the cursor of the next one",
          }),
          ...problems(...ENTRY_PROBLEMS),
        },
        detail: {
          operationId: "listTrash",
          summary: "List removed entries that can be restored",
          tags: ["Files"],
        },
      },
    )
    .post(
      "/api/trash/restore",
      async ({ request, server }) => {
        const { id, conflict } = await jsonBody(services, request, Restoring);
        const placed = await withoutIdleTimeout(services, request, server, () =>
          requireTrash().restore(id, conflict ?? config.conflict ?? "rename", (path) => {
            proveBelow(request, "write", path);
            return proveWrite(request, path);
          }),
        );
        const { path } = placed.entry;
        log.changed(request, { did: "restored", path });
        return entryAnswer(claimedEntry(placed), placed.replaced ? 200 : 201);
      },
      {
        parse: "none",
        allow: "write",
        response: {
          200: json(Entry, {
            description: "The restored file replaced another one",
            headers: ["Location", "ETag"],
          }),
          201: json(Entry, { description: "The entry was restored", headers: ["Location", "ETag"] }),
          ...problems(...CHANGE_PROBLEMS, ...MOVE_PROBLEMS),
        },
        detail: {
          operationId: "restore",
          summary: "Restore a removed entry",
          description: "Missing folders are created. Replacing a file also needs the grant `replace`.",
          tags: ["Files"],
          requestBody: jsonRequest(Restoring),
        },
      },
    )
    .delete(
      "/api/trash/:id",
      async ({ request, params, server }) => {
        await withoutIdleTimeout(services, request, server, () =>
          requireTrash().remove(params.id, (path) => proveBelow(request, "delete", path)),
        );
        log.changed(request, { did: "removed from the trash", path: params.id });
        return new Response(null, { status: 204 });
      },
      {
        allow: "delete",
        params: t.Object({ id: t.String({ maxLength: 64, description: "`id` of an entry in the trash" }) }),
        response: {
          204: empty({ description: "The entry was permanently deleted" }),
          ...problems(...ENTRY_PROBLEMS, "mount_point"),
        },
        detail: {
          operationId: "removeFromTrash",
          summary: "Permanently delete a removed entry",
          tags: ["Files"],
        },
      },
    );
}
