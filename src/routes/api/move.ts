// POST /api/move: gives a file or folder another path.

import { Elysia } from "elysia";
import { move } from "../../core/tree/changes.ts";
import { claimedEntry } from "../../core/tree/copy-jobs.ts";
import { access } from "../../plugins/access.ts";
import { requestInfoOf } from "../../plugins/request-info.ts";
import { CHANGE_PROBLEMS, json, problems } from "../openapi/answers.ts";
import { Way } from "../openapi/change-shapes.ts";
import { Entry } from "../openapi/shapes.ts";
import { entryAnswer } from "../support/entry-answer.ts";
import { withoutIdleTimeout } from "../support/idle-timeout.ts";
import { jsonBody, jsonRequest } from "../support/json-body.ts";
import { MOVE_PROBLEMS, moveRequest } from "../support/move-request.ts";
import type { Services } from "../support/services.ts";

export function moving(services: Services) {
  const { config, uploader, log } = services;
  return new Elysia({ name: "moving" }).use(access(config.allow)).post(
    "/api/move",
    async ({ request, server }) => {
      const way = moveRequest(services, await jsonBody(services, request, Way));
      const placed = await withoutIdleTimeout(services, request, server, () => move(uploader, way));
      const { path } = placed.entry;
      log.changed(request, { did: "moved", path: way.from, to: path, by: requestInfoOf(request)?.by });
      return entryAnswer(claimedEntry(placed), placed.replaced ? 200 : 201);
    },
    {
      parse: "none",
      allow: ["write", "delete"],
      response: {
        200: json(Entry, { description: "It replaced a file", headers: ["Location", "ETag"] }),
        201: json(Entry, { description: "It has its new name", headers: ["Location", "ETag"] }),
        ...problems(...CHANGE_PROBLEMS, ...MOVE_PROBLEMS),
      },
      detail: {
        operationId: "move",
        summary: "Give a file or folder another name",
        description:
          "Missing folders are made. Only a file is ever replaced, and only by a file; that needs the grant `replace` besides.",
        tags: ["Files"],
        requestBody: jsonRequest(Way),
      },
    },
  );
}
