// DELETE /files/{path}: removes a file, or a folder with all that is in it.

import { Elysia, t } from "elysia";
import { remove as removeEntry } from "../../core/tree/changes.ts";
import { preconditionsOf } from "../../http/conditions.ts";
import { FilePathParam } from "../../path.ts";
import { access } from "../../plugins/access.ts";
import { requestInfoOf } from "../../plugins/request-info.ts";

import { ENTRY_PROBLEMS, empty, problems } from "../openapi/answers.ts";
import { requestHeaders } from "../openapi/headers.ts";
import { oneOf } from "../openapi/shapes.ts";
import { withoutIdleTimeout } from "../support/idle-timeout.ts";
import type { Services } from "../support/services.ts";

export function remove(services: Services) {
  const { config, uploader, log, trash } = services;
  return new Elysia({ name: "remove" }).use(access(config.allow)).delete(
    "/files/*",
    async ({ request, params, query, server }) => {
      const path = params["*"];
      const recursive = query.recursive === "true";
      const conditions = preconditionsOf(request.headers);
      await withoutIdleTimeout(services, request, server, () =>
        removeEntry(uploader, path, { recursive, conditions, trash }),
      );
      log.changed(request, {
        did: trash ? "put into the trash" : "removed",
        path,
        by: requestInfoOf(request)?.by,
      });
      return new Response(null, { status: 204 });
    },
    {
      parse: "none",
      allow: "delete",
      params: t.Object({ "*": FilePathParam }),
      query: t.Object({
        recursive: t.Optional(oneOf(["true", "false"], "A folder, too, with all that is in it")),
      }),
      response: {
        204: empty({ description: "It is gone" }),
        ...problems(
          ...ENTRY_PROBLEMS,
          "is_folder",
          "link_in_path",
          "other_file_system",
          "mount_point",
          "precondition_failed",
          "draining",
        ),
      },
      detail: {
        operationId: "deleteFile",
        summary: "Remove a file, or a folder",
        description:
          "A folder disappears at once; the answer comes when its space is free. Links in it are removed themselves, never what they lead to. With `--trash` it can be restored until its time is over.",
        tags: ["Files"],
        parameters: requestHeaders("If-Match", "If-None-Match", "If-Unmodified-Since"),
      },
    },
  );
}
