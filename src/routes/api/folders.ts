// POST /api/folders: creates a folder.

import { Elysia } from "elysia";
import { listed } from "../../core/browse/listing.ts";
import { makeFolder } from "../../core/tree/changes.ts";
import { checkFilePath } from "../../path.ts";
import { access, prove } from "../../plugins/access.ts";
import { CHANGE_PROBLEMS, json, problems } from "../openapi/answers.ts";
import { NewFolder } from "../openapi/change-shapes.ts";
import { Entry } from "../openapi/shapes.ts";
import { entryAnswer } from "../support/entry-answer.ts";
import { jsonBody, jsonRequest } from "../support/json-body.ts";
import type { Services } from "../support/services.ts";

export function folders(services: Services) {
  const { uploader, log } = services;
  return new Elysia({ name: "folders" }).use(access(services)).post(
    "/api/folders",
    async ({ request }) => {
      const body = await jsonBody(services, request, NewFolder);
      const path = checkFilePath(body.path, "/path");
      prove(request, "write", path);
      const folder = await makeFolder(uploader, path);
      log.changed(request, { did: "made", path: folder.path });
      return entryAnswer(listed(folder), 201);
    },
    {
      parse: "none",
      allow: "write",
      response: {
        201: json(Entry, { description: "The new folder", headers: ["Location"] }),
        ...problems(...CHANGE_PROBLEMS, "name_taken"),
      },
      detail: {
        operationId: "makeFolder",
        summary: "Create a folder",
        description: "Missing parent folders are created too.",
        tags: ["Files"],
        requestBody: jsonRequest(NewFolder),
      },
    },
  );
}
