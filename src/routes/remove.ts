// DELETE /files/{path}: removes one file.

import { Elysia, t } from "elysia";
import { preconditionFailed } from "../core/refusals.ts";
import { failedCondition, preconditionsOf } from "../http/conditions.ts";
import { FilePathParam } from "../path.ts";
import { access } from "../plugins/access.ts";
import { ENTRY_PROBLEMS, empty, problems } from "./answers.ts";
import { requestHeaders } from "./headers.ts";
import type { Services } from "./services.ts";

export function remove({ config, engine, storage, log }: Services) {
  return new Elysia({ name: "remove" }).use(access(config.allow)).delete(
    "/files/*",
    async ({ request, params }) => {
      const path = params["*"];
      await engine.locks.hold(path, async () => {
        const failed = failedCondition(preconditionsOf(request.headers), await storage.find(path));
        if (failed !== null) throw preconditionFailed(failed);
        await storage.remove(path);
      });
      log.removed(request, path);
      return new Response(null, { status: 204 });
    },
    {
      parse: "none",
      allow: "delete",
      params: t.Object({ "*": FilePathParam }),
      response: {
        204: empty({ description: "The file is gone" }),
        ...problems(...ENTRY_PROBLEMS, "is_folder", "link_in_path", "precondition_failed"),
      },
      detail: {
        operationId: "deleteFile",
        summary: "Remove a file",
        tags: ["Files"],
        parameters: requestHeaders("If-Match", "If-None-Match", "If-Unmodified-Since"),
      },
    },
  );
}
