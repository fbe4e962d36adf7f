// The body of PROPFIND: which properties are wanted (RFC 4918 section 14.20).

import { Problem } from "../../errors.ts";
import { childOf, dav, parseXml } from "./xml.ts";

/** `all`: those that the server has, and some more by name. `names`: their names only. `some`: those by name. */
export type WantedProperties =
  | { kind: "all"; more: readonly string[] }
  | { kind: "names" }
  | { kind: "some"; names: readonly string[] };

/** @param text the body; an empty one wants all properties @throws Problem invalid_request */
export function wantedProperties(text: string): WantedProperties {
  if (text.trim() === "") return { kind: "all", more: [] };
  const root = parseXml(text);
  if (root.name === dav("propfind")) {
    const some = childOf(root, dav("prop"));
    const all = childOf(root, dav("allprop"));
    const names = childOf(root, dav("propname"));
    if (some && !all && !names) return { kind: "some", names: namesIn(some) };
    if (names && !some && !all) return { kind: "names" };
    const include = childOf(root, dav("include"));
    if (all && !some && !names) return { kind: "all", more: include ? namesIn(include) : [] };
  }
  const detail =
    "The body must be a `propfind` of the namespace `DAV:` with `prop`, `allprop` or `propname`.";
  throw new Problem("invalid_request", detail, {
    errors: [{ code: "invalid_value", pointer: "/body", detail }],
  });
}

function namesIn({ children }: { children: readonly { name: string }[] }): string[] {
  return [...new Set(children.map(({ name }) => name))];
}
