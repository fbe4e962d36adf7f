// Grants: every route declares the grants it needs in `allow`; without them the request is refused before its body is read.

import { type DocumentDecoration, Elysia } from "elysia";
import type { Grant } from "../config/config.ts";
import { Problem } from "../errors.ts";

/**
 * The grants a route needs: one, or all of several. `public`: none, because the answer reveals nothing about files. `each`:
 * the handler checks each part of the request with `requireGrant`.
 */
export type Allow = Grant | readonly Grant[] | "public" | "each";

/** The `detail` of a route with its grants, which the OpenAPI document shows. */
export interface AllowDetail extends DocumentDecoration {
  "x-allow": Allow;
}

/** For routes of third-party plugins, which accept a `detail` but not `allow`. */
export function allowDetail(allow: Allow): AllowDetail {
  return { "x-allow": allow };
}

/** A sentence about the grants a route needs; "" when it needs none. */
export function grantOf(allow: Allow): string {
  if (allow === "public") return "";
  if (allow === "each") return "Each operation needs its own grants.";
  const named = [allow].flat().map((grant) => `\`${grant}\``);
  return `Needs the ${named.length > 1 ? "grants" : "grant"} ${named.join(" and ")}.`;
}

/** Checks that all `required` grants were given. @throws Problem not_allowed */
export function requireGrant(granted: ReadonlySet<Grant>, required: readonly Grant[]): void {
  const missing = required.filter((grant) => !granted.has(grant));
  if (missing.length === 0) return;
  const named = missing.map((grant) => `\`${grant}\``).join(" and ");
  const all = [...granted, ...missing].join(",");
  throw new Problem(
    "not_allowed",
    `This needs the ${missing.length > 1 ? "grants" : "grant"} ${named}: start the server with --allow ${all}.`,
  );
}

/** Adds the option `allow` to routes. The name makes Elysia register the plugin only once. */
export function access(granted: ReadonlySet<Grant>) {
  return new Elysia({ name: "access" }).macro({
    allow: (required: Allow) => ({
      detail: allowDetail(required),
      beforeHandle() {
        if (required !== "public" && required !== "each") requireGrant(granted, [required].flat());
      },
    }),
  });
}
