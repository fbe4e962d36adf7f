// DELETE /files/{path}: removes a file, or a folder with its contents.

import { Elysia, t } from "elysia";
import { remove as removeEntry } from "../../core/tree/changes.ts";
import { preconditionsOf } from "../../http/conditions.ts";
import { FilePathParam } from "../../path.ts";
import { access, proveBelow, proveConditions } from "../../plugins/access.ts";
import { ENTRY_PROBLEMS, empty, problems } from "../openapi/answers.ts";
import { requestHeaders } from "../openapi/headers.ts";
import { oneOf } from "../openapi/shapes.ts";
import { withoutIdleTimeout } from "../support/idle-timeout.ts";
import type { Services } from "../support/services.ts";

export function remove(services: Services) {
  const { uploader, log, trash } = services;
  return new Elysia({ name: "remove" }).use(access(services)).delete(
    "/files/*",
    async ({ request, params, query, server }) => {
      const path = params["*"];
      const may = { read: proveBelow(request, "delete", path).can("list", path) };
      const recursive = query.recursive === "true";
      const conditions = preconditionsOf(request.headers);
      proveConditions(request, path, conditions);
      await withoutIdleTimeout(services, request, server, () =>
        removeEntry(uploader, path, { recursive, conditions, trash, may }),
      );
      log.changed(request, {
        did: trash ? "put into the trash" : "removed",
        path,
      });
      return new Response(null, { status: 204 });
    },
    {
      parse: "none",
      allow: "delete",
      params: t.Object({ "*": FilePathParam }),
      query: t.Object({
        recursive: t.Optional(oneOf(["true", "false"], "Also remove folders, with their contents")),
      }),
      response: {
        204: empty({ description: "The entry was removed" }),
        ...problems(
          ...ENTRY_PROBLEMS,
          "is_folder",
          "locked",
          "link_in_path",
          "other_file_system",
          "mount_point",
          "precondition_failed",
          "storage_full",
          "draining",
        ),
      },
      detail: {
        operationId: "deleteFile",
        summary: "Remove a file or folder",
        description:
          "A folder disappears immediately; the answer is sent once its space is free. Symbolic links are removed, not their targets. With `--trash` the entry can be restored until it expires.",
        tags: ["Files"],
        parameters: requestHeaders("If-Match", "If-None-Match", "If-Unmodified-Since"),
      },
    },
  );
}
