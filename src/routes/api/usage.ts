// GET /api/usage: what a folder takes, and what is free.

import { Elysia, t } from "elysia";
import { FolderSizes } from "../../core/browse/usage.ts";
import { FolderPathValue, ROOT } from "../../path.ts";
import { access } from "../../plugins/access.ts";
import { ENTRY_PROBLEMS, json, problems } from "../openapi/answers.ts";
import { Usage } from "../openapi/shapes.ts";
import { withoutIdleTimeout } from "../support/idle-timeout.ts";
import type { Services } from "../support/services.ts";

export function usage(services: Services) {
  const { config, storage } = services;
  const usages = new FolderSizes(storage);
  return new Elysia({ name: "usage" }).use(access(config.allow)).get(
    "/api/usage",
    async ({ request, query, server }) =>
      await withoutIdleTimeout(services, request, server, async () => {
        const folder = query.folder ?? ROOT;
        const counted = await usages.of(folder, request.signal);
        return { folder, ...counted, ...(await storage.space()) };
      }),
    {
      allow: "read",
      query: t.Object({ folder: t.Optional(FolderPathValue) }),
      response: {
        200: json(Usage, { description: "What is below the folder, and the space of its disk" }),
        ...problems(...ENTRY_PROBLEMS, "not_a_folder"),
      },
      detail: {
        operationId: "getUsage",
        summary: "How much a folder takes, and how much is free",
        description:
          "Looks at everything below the folder, some 100,000 entries a second, and ends when the client goes. Sizes of files are added up: a file with two names counts twice, what a link leads to does not count, nor does what the server keeps for itself.",
        tags: ["Files"],
      },
    },
  );
}
