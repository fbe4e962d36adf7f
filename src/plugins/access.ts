// Grants: every route says what it allows with `allow`, and what was not granted is refused before anything is read.

import { type DocumentDecoration, Elysia } from "elysia";
import type { Grant } from "../config.ts";
import { Problem } from "../errors.ts";

/** What a route can ask for. `public`: it gives nothing away and everyone may have it. */
export type Allow = Grant | "public";

/** A route's `detail`, and so its operation in the OpenAPI document, says what it asks for. */
export interface AllowDetail extends DocumentDecoration {
  "x-allow": Allow;
}

/** For routes of other plugins, which have a `detail` but not `allow`. */
export function allowDetail(allow: Allow): AllowDetail {
  return { "x-allow": allow };
}

/** Gives routes the option `allow`. Named, so that it counts once however many routes use it. */
export function access(granted: ReadonlySet<Grant>) {
  return new Elysia({ name: "access" }).macro({
    allow: (grant: Allow) => ({
      detail: allowDetail(grant),
      beforeHandle() {
        if (grant === "public" || granted.has(grant)) return;
        throw new Problem(
          "not_allowed",
          `This needs the grant \`${grant}\`: start the server with --allow ${[...granted, grant].join(",")}.`,
        );
      },
    }),
  });
}
