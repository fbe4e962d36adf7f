// The body of PROPPATCH: properties to set and to remove, in their order (RFC 4918 section 14.19).

import { dav, invalidBody, parseXml } from "./xml.ts";

/** A change of one property. */
export interface PropertyChange {
  name: string;
  /** The element of the property, as XML that declares its own namespaces; null removes the property. */
  element: string | null;
  /** The text directly inside the property. */
  text: string;
}

/** @throws Problem invalid_request */
export function propertyChanges(text: string): PropertyChange[] {
  const root = parseXml(text);
  const changes: PropertyChange[] = [];
  const actions = root.name === dav("propertyupdate") ? root.children : [];
  for (const action of actions) {
    const removes = action.name === dav("remove");
    if (!removes && action.name !== dav("set")) continue;
    for (const { name, children } of action.children)
      if (name === dav("prop"))
        for (const property of children)
          changes.push({
            name: property.name,
            element: removes ? null : property.outer(),
            text: property.text,
          });
  }
  if (changes.length > 0) return changes;
  throw invalidBody(
    "The body must be a `propertyupdate` of the namespace `DAV:` that sets or removes properties.",
  );
}
