// Lock-Token and Timeout, and the body of LOCK (RFC 4918 sections 10.5, 10.7 and 14.11).

import { Problem } from "../../errors.ts";
import { childOf, dav, parseXml } from "./xml.ts";

/** Seconds of a lock whose client wishes nothing. */
const DEFAULT_SECONDS = 600;

/** The lock that a body describes. */
export interface LockInfo {
  scope: "exclusive" | "shared";
  /** XML that declares its own namespaces; "" for none. */
  owner: string;
}

/** @param text the body; an empty one renews a lock @returns null for an empty body @throws Problem invalid_request */
export function lockInfo(text: string): LockInfo | null {
  if (text.trim() === "") return null;
  const root = parseXml(text);
  const scope = childOf(root, dav("lockscope"));
  const type = childOf(root, dav("locktype"));
  const shared = scope && childOf(scope, dav("shared"));
  const exclusive = scope && childOf(scope, dav("exclusive"));
  if (
    root.name === dav("lockinfo") &&
    type &&
    childOf(type, dav("write")) &&
    Boolean(shared) !== Boolean(exclusive)
  )
    return { scope: shared ? "shared" : "exclusive", owner: childOf(root, dav("owner"))?.content() ?? "" };
  const detail =
    "The body must be a `lockinfo` of the namespace `DAV:` with a `lockscope` and the `locktype` `write`.";
  throw invalid("/body", detail);
}

/** The seconds that a client wishes a lock to last, the first value that is understood; `Infinity` for no end. */
export function wantedSeconds(headers: Headers): number {
  for (const value of (headers.get("timeout") ?? "").split(",")) {
    const [, seconds] = /^\s*second-(\d{1,10})\s*$/i.exec(value) ?? [];
    if (seconds !== undefined) return Number(seconds);
    if (/^\s*infinite\s*$/i.test(value)) return Number.POSITIVE_INFINITY;
  }
  return DEFAULT_SECONDS;
}

/** The token of `Lock-Token`. Some clients forget the angle brackets. @throws Problem invalid_request */
export function lockToken(headers: Headers): string {
  const [, token] = /^\s*<?([^<>\s]+)>?\s*$/.exec(headers.get("lock-token") ?? "") ?? [];
  if (token !== undefined) return token;
  throw invalid("/headers/lock-token", "Send `Lock-Token: <urn:uuid:…>`, the token of the lock.");
}

function invalid(pointer: string, detail: string): Problem {
  return new Problem("invalid_request", detail, { errors: [{ code: "invalid_value", pointer, detail }] });
}
