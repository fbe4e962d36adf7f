// POST /api/move, and what it has in common with copies: the way, who asks, the answer.

import { Elysia } from "elysia";
import type { Conflict } from "../../config/config.ts";
import type { ListedEntry } from "../../core/browse/listing.ts";
import type { MoveRequest as CheckedWay } from "../../core/naming/conflict.ts";
import { move } from "../../core/tree/changes.ts";
import { placedEntry } from "../../core/tree/copy-jobs.ts";
import { checkFilePath } from "../../path.ts";
import { access } from "../../plugins/access.ts";
import { type Listener, withoutIdleTimeout } from "../files/request-body.ts";
import { CHANGE_PROBLEMS, json, problems } from "../openapi/answers.ts";
import { Way } from "../openapi/change-shapes.ts";
import { Entry } from "../openapi/shapes.ts";
import { jsonBody, jsonRequest } from "../support/json-body.ts";
import type { Services } from "../support/services.ts";

export function moving(services: Services) {
  const { config, uploader, log } = services;
  return new Elysia({ name: "moving" }).use(access(config.allow)).post(
    "/api/move",
    async ({ request, server }) => {
      const way = wayOf(services, await jsonBody(services, request, Way));
      const placed = await withoutIdleTimeout(services, request, server, () => move(uploader, way));
      const { path } = placed.entry;
      log.changed(request, { did: "moved", path: way.from, to: path, by: addressOf(request, server) });
      return entryAnswer(placedEntry(placed), placed.replaced ? 200 : 201);
    },
    {
      parse: "none",
      allow: ["write", "delete"],
      response: {
        200: json(Entry, { description: "It replaced a file", headers: ["Location", "ETag"] }),
        201: json(Entry, { description: "It has its new name", headers: ["Location", "ETag"] }),
        ...problems(...CHANGE_PROBLEMS, ...WAY_PROBLEMS),
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

/** What moves and copies can meet beside what all changes can. */
export const WAY_PROBLEMS = [
  "not_found",
  "name_taken",
  "is_folder",
  "into_itself",
  "mount_point",
  "storage_full",
] as const;

/** What a batch can meet. */
export const BATCH_PROBLEMS = [
  ...CHANGE_PROBLEMS,
  ...WAY_PROBLEMS,
  "too_many_jobs",
  "too_many_uploads",
] as const;

/** @throws Problem invalid_path */
export function wayOf(
  { config }: Services,
  { from, to, conflict }: { from: string; to: string; conflict?: Conflict },
  pointer = "",
): CheckedWay {
  return {
    from: checkFilePath(from, `${pointer}/from`),
    to: checkFilePath(to, `${pointer}/to`),
    conflict: conflict ?? config.conflict ?? "rename",
  };
}

/** The address at the other end of the connection. */
export function addressOf(request: Request, server: Listener): string | undefined {
  return server?.requestIP(request)?.address;
}

export function entryAnswer(entry: ListedEntry, status: 200 | 201): Response {
  const headers = new Headers({
    "content-type": "application/json",
    "cache-control": "no-store",
    location: entry.url,
  });
  if (entry.etag !== undefined) headers.set("etag", entry.etag);
  return new Response(JSON.stringify(entry), { status, headers });
}
