// Grants: every route says what it allows with `allow`, and what was not granted is refused before anything is read.

import { Elysia } from "elysia";
import type { Grant } from "../config.ts";
import { Problem } from "../errors.ts";

/** What a route can ask for. `public`: it gives nothing away and everyone may have it. */
export type Allow = Grant | "public";

/** Gives routes the option `allow`. Named, so that it counts once however many routes use it. */
export function access(granted: ReadonlySet<Grant>) {
  return new Elysia({ name: "access" }).macro({
    allow: (grant: Allow) => ({
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
