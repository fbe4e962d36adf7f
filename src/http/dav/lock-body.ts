// The body of LOCK: the lock that a client wants (RFC 4918 section 14.11).

import { childOf, dav, invalidBody, parseXml } from "./xml.ts";

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
  throw invalidBody(
    "The body must be a `lockinfo` of the namespace `DAV:` with a `lockscope` and the `locktype` `write`.",
  );
}
