// GET /api/usage: the size of a folder and the free space.

import { Elysia, t } from "elysia";
import { FolderSizes } from "../../core/browse/usage.ts";
import { FolderPathValue, ROOT } from "../../path.ts";
import { access, proveFolder } from "../../plugins/access.ts";
import { whileGranted } from "../../plugins/revoking/revoking.ts";
import { ENTRY_PROBLEMS, json, problems } from "../openapi/answers.ts";
import { Usage } from "../openapi/shapes.ts";
import { withoutIdleTimeout } from "../support/idle-timeout.ts";
import type { Services } from "../support/services.ts";

export function usage(services: Services) {
  const { storage } = services;
  const { quotas } = services.uploader;
  const sizes = new FolderSizes(storage);
  return new Elysia({ name: "usage" }).use(access(services)).get(
    "/api/usage",
    async ({ request, query, server }) => {
      const folder = query.folder ?? ROOT;
      const asker = proveFolder(request, folder);
      const { view } = asker;
      return await withoutIdleTimeout(services, request, server, async () => {
        const need = { word: "list", paths: [folder] } as const;
        const counted = await whileGranted(services.access, request, need, (signal) =>
          sizes.of(folder, signal, view),
        );
        if (view === undefined) quotas.compare(folder, counted.bytes);
        // Visitors of a link learn nothing about the folders above it.
        const limited = asker.via !== "link" && asker.can("list", folder);
        const quota = limited ? quotas.report(folder) : null;
        return { folder, ...counted, ...(await storage.space()), ...(quota && { quota }) };
      });
    },
    {
      allow: "list",
      query: t.Object({ folder: t.Optional(FolderPathValue) }),
      response: {
        200: json(Usage, { description: "The size of the folder and the space of its disk" }),
        ...problems(...ENTRY_PROBLEMS, "not_a_folder"),
      },
      detail: {
        operationId: "getUsage",
        summary: "Get the size of a folder and the free space",
        description:
          "Visits everything below the folder, about 100,000 entries per second, and stops when the client disconnects. Adds up file sizes: a hard-linked file counts once per name; targets of symbolic links and the server's own data do not count. If the folder, or one above it, has a quota, `quota` says how much of it is left; one whose use is not right, because other programs changed files, is measured again.",
        tags: ["Files"],
      },
    },
  );
}
