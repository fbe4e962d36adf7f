// The state of a link: open, or why not.

import { Problem } from "../../errors.ts";
import type { Link } from "../database/snapshot.ts";
import { type Words, wordsOf } from "../words.ts";

/** `used`: its downloads are spent; those who have spent one may go on. */
export type LinkState = "open" | "expired" | "used" | "revoked";

export function stateOfLink({ revoked, expires, downloadsLeft }: Link, now: number): LinkState {
  if (revoked) return "revoked";
  if (expires !== null && expires <= now) return "expired";
  return downloadsLeft === 0 ? "used" : "open";
}

/** The words that a link gives at its path. */
export function wordsOfLink({ kind }: Pick<Link, "kind">): Words {
  return wordsOf([kind === "drop" ? "write" : "read"]);
}

/** The same for every reason: a visitor learns nothing about the owner. */
export function linkGone(): Problem {
  return new Problem("link_gone", "This link is closed. Ask the person who sent it for a new one.");
}
