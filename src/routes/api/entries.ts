// GET /api/entries: lists a folder page by page.

import { Elysia, t } from "elysia";
import { LISTING, listFolder, MAX_ENTRIES } from "../../core/browse/listing.ts";
import { FolderPathValue, ROOT } from "../../path.ts";
import { access, proveFolder } from "../../plugins/access.ts";
import { SORTS } from "../../storage/listing/paging.ts";
import { ENTRY_PROBLEMS, json, problems } from "../openapi/answers.ts";
import { Listing, oneOf } from "../openapi/shapes.ts";
import { withoutIdleTimeout } from "../support/idle-timeout.ts";
import type { Services } from "../support/services.ts";

const flag = (description: string) => oneOf(["true", "false"], description);

export function entries(services: Services) {
  const { storage } = services;
  return new Elysia({ name: "entries" }).use(access(services)).get(
    "/api/entries",
    ({ request, query, server }) => {
      const folder = query.folder ?? ROOT;
      const { view } = proveFolder(request, folder);
      const options = {
        sort: query.sort ?? LISTING.sort,
        order: query.order ?? LISTING.order,
        limit: query.limit ?? LISTING.limit,
        cursor: query.cursor,
        foldersFirst: query.foldersFirst === "true",
        hidden: query.hidden === "true",
        view,
      };
      const make = () => listFolder(storage, folder, options, request.signal);
      return withoutIdleTimeout(services, request, server, make, "listing");
    },
    {
      allow: "list",
      query: t.Object({
        folder: t.Optional(FolderPathValue),
        sort: t.Optional(
          oneOf(
            SORTS,
            `Sort key (default \`${LISTING.sort}\`). Names sort naturally: "file 2" before "file 10"`,
          ),
        ),
        order: t.Optional(oneOf(["asc", "desc"], "Default `asc`")),
        limit: t.Optional(
          t.Integer({ minimum: 1, maximum: MAX_ENTRIES, description: "Maximum number of entries per page" }),
        ),
        cursor: t.Optional(t.String({ maxLength: 4096, description: "`next` of the previous page" })),
        foldersFirst: t.Optional(flag("List folders before files")),
        hidden: t.Optional(flag("Include names that begin with a dot")),
      }),
      response: {
        200: json(Listing, { description: "One page; `next` is the cursor of the next one" }),
        ...problems(...ENTRY_PROBLEMS, "not_a_folder"),
      },
      detail: { operationId: "listEntries", summary: "List a folder, page by page", tags: ["Files"] },
    },
  );
}
