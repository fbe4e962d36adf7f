// GET /api/entries: one page of a folder.

import { Elysia, t } from "elysia";
import { LISTING, list, MOST_ENTRIES, SORTS } from "../core/listing.ts";
import { FolderPathValue, ROOT } from "../path.ts";
import { access } from "../plugins/access.ts";
import type { Services } from "./services.ts";
import { Listing } from "./shapes.ts";

const Flag = t.Union([t.Literal("true"), t.Literal("false")]);

export function entries({ config, storage }: Services) {
  return new Elysia({ name: "entries" }).use(access(config.allow)).get(
    "/api/entries",
    ({ query }) =>
      list(storage, query.folder ?? ROOT, {
        sort: query.sort ?? LISTING.sort,
        order: query.order ?? LISTING.order,
        limit: query.limit ?? LISTING.limit,
        cursor: query.cursor,
        foldersFirst: query.foldersFirst === "true",
        hidden: query.hidden === "true",
      }),
    {
      allow: "read",
      query: t.Object({
        folder: t.Optional(FolderPathValue),
        sort: t.Optional(t.Union(SORTS.map((sort) => t.Literal(sort)))),
        order: t.Optional(t.Union([t.Literal("asc"), t.Literal("desc")])),
        limit: t.Optional(t.Integer({ minimum: 1, maximum: MOST_ENTRIES })),
        cursor: t.Optional(t.String({ maxLength: 4096 })),
        foldersFirst: t.Optional(Flag),
        hidden: t.Optional(Flag),
      }),
      response: { 200: Listing },
      detail: { operationId: "listEntries", summary: "List a folder, page by page", tags: ["Files"] },
    },
  );
}
