// Grants: every route says what it allows with `allow`, and what was not granted is refused before anything is read.

import { type DocumentDecoration, Elysia } from "elysia";
import type { Grant } from "../config/config.ts";
import { Problem } from "../errors.ts";

/**
 * What a route can ask for: one grant or all of several. `public`: it gives nothing away and everyone may have it. `each`:
 * every part of the request asks for its own, by `prove`.
 */
export type Allow = Grant | readonly Grant[] | "public" | "each";

/** A route's `detail`, and so its operation in the OpenAPI document, says what it asks for. */
export interface AllowDetail extends DocumentDecoration {
  "x-allow": Allow;
}

/** For routes of other plugins, which have a `detail` but not `allow`. */
export function allowDetail(allow: Allow): AllowDetail {
  return { "x-allow": allow };
}

/** What a route asks for, in words; "" when that is nothing. */
export function grantOf(allow: Allow): string {
  if (allow === "public") return "";
  if (allow === "each") return "Each operation needs its own grants.";
  const named = [allow].flat().map((grant) => `\`${grant}\``);
  return `Needs the ${named.length > 1 ? "grants" : "grant"} ${named.join(" and ")}.`;
}

/** @throws Problem not_allowed */
export function requireGrant(granted: ReadonlySet<Grant>, wanted: readonly Grant[]): void {
  const missing = wanted.filter((grant) => !granted.has(grant));
  if (missing.length === 0) return;
  const named = missing.map((grant) => `\`${grant}\``).join(" and ");
  const all = [...granted, ...missing].join(",");
  throw new Problem(
    "not_allowed",
    `This needs the ${missing.length > 1 ? "grants" : "grant"} ${named}: start the server with --allow ${all}.`,
  );
}

/** Gives routes the option `allow`. Named, so that it counts once however many routes use it. */
export function access(granted: ReadonlySet<Grant>) {
  return new Elysia({ name: "access" }).macro({
    allow: (wanted: Allow) => ({
      detail: allowDetail(wanted),
      beforeHandle() {
        if (wanted !== "public" && wanted !== "each") requireGrant(granted, [wanted].flat());
      },
    }),
  });
}
