// The body of PROPFIND: which properties are wanted (RFC 4918 section 14.20).

import { childOf, dav, invalidBody, parseXml } from "./xml.ts";

/** Properties by name: each is answered for each entry. Clients ask for thirty at most. */
const MAX_NAMES = 256;
/** Characters of all these names. */
const MAX_CHARACTERS = 16 * 1024;

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
  throw invalidBody(
    "The body must be a `propfind` of the namespace `DAV:` with `prop`, `allprop` or `propname`.",
  );
}

function namesIn({ children }: { children: readonly { name: string }[] }): string[] {
  const names = [...new Set(children.map(({ name }) => name))];
  if (names.length > MAX_NAMES)
    throw invalidBody(`At most ${MAX_NAMES} properties can be asked for by name.`);
  if (names.join("").length <= MAX_CHARACTERS) return names;
  throw invalidBody(`The names and namespaces of properties may have ${MAX_CHARACTERS / 1024} KiB together.`);
}
