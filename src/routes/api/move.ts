// POST /api/move: moves or renames a file or folder.

import { Elysia } from "elysia";
import { move } from "../../core/tree/changes.ts";
import { claimedEntry } from "../../core/tree/copy-jobs.ts";
import { access } from "../../plugins/access.ts";
import { CHANGE_PROBLEMS, json, problems } from "../openapi/answers.ts";
import { Way } from "../openapi/change-shapes.ts";
import { Entry } from "../openapi/shapes.ts";
import { entryAnswer } from "../support/entry-answer.ts";
import { withoutIdleTimeout } from "../support/idle-timeout.ts";
import { jsonBody, jsonRequest } from "../support/json-body.ts";
import { MOVE_PROBLEMS, moveRequest } from "../support/move-request.ts";
import type { Services } from "../support/services.ts";

export function moving(services: Services) {
  const { uploader, log } = services;
  return new Elysia({ name: "moving" }).use(access(services)).post(
    "/api/move",
    async ({ request, server }) => {
      const paths = moveRequest(services, request, "move", await jsonBody(services, request, Way));
      const placed = await withoutIdleTimeout(services, request, server, () => move(uploader, paths));
      const { path } = placed.entry;
      log.changed(request, { did: "moved", path: paths.from, to: path });
      return entryAnswer(claimedEntry(placed), placed.replaced ? 200 : 201);
    },
    {
      parse: "none",
      allow: ["write", "delete"],
      response: {
        200: json(Entry, {
          description: "The moved file replaced another one",
          headers: ["Location", "ETag"],
        }),
        201: json(Entry, { description: "The entry has its new path", headers: ["Location", "ETag"] }),
        ...problems(...CHANGE_PROBLEMS, ...MOVE_PROBLEMS),
      },
      detail: {
        operationId: "move",
        summary: "Move or rename a file or folder",
        description:
          "Missing folders are created. Only a file can replace a file; this also needs the grant `replace`.",
        tags: ["Files"],
        requestBody: jsonRequest(Way),
      },
    },
  );
}
