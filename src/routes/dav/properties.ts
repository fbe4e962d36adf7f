// The properties that the server has for every entry, as XML (RFC 4918 section 15, RFC 4331).

import { type Propstat, responseOf } from "../../http/dav/multistatus.ts";
import type { WantedProperties } from "../../http/dav/propfind-body.ts";
import { dav, escapeXml, tagsOf } from "../../http/dav/xml.ts";
import { nameOf } from "../../path.ts";
import type { Entry } from "../../storage/entry.ts";
import { typeByName } from "../support/download/media-type.ts";
import { hrefOf } from "./target.ts";

/** The space of the folder that was asked about, in bytes. */
export interface SpaceLeft {
  available: number;
  used: number;
}

/** Writes the value of a property as XML; null where an entry does not have it. */
type Value = (entry: Entry, space: SpaceLeft | null) => string | null;

const LIVE: Readonly<Record<string, Value>> = {
  displayname: ({ path }) => escapeXml(nameOf(path)),
  resourcetype: ({ kind }) => (kind === "folder" ? "<D:collection/>" : ""),
  getlastmodified: ({ modified }) => modified.toUTCString(),
  getcontentlength: (entry) => (entry.kind === "file" ? String(entry.size) : null),
  getcontenttype: (entry) =>
    entry.kind === "folder"
      ? "httpd/unix-directory"
      : escapeXml(typeByName(nameOf(entry.path)) ?? "application/octet-stream"),
  getetag: (entry) => (entry.kind === "file" ? escapeXml(entry.etag) : null),
};

/** Only sent when asked for by name (RFC 4331 section 2). */
const SPACE: Readonly<Record<string, Value>> = {
  "quota-available-bytes": (entry, space) =>
    entry.kind === "folder" && space ? String(Math.floor(space.available)) : null,
  "quota-used-bytes": (entry, space) =>
    entry.kind === "folder" && space ? String(Math.floor(space.used)) : null,
};

const KNOWN: ReadonlyMap<string, Value> = new Map(
  Object.entries({ ...LIVE, ...SPACE }).map(([local, value]) => [dav(local), value]),
);

/** Whether clients cannot change a property. */
export function isProtected(name: string): boolean {
  return KNOWN.has(name);
}

/** Whether a request wants to know the space that is left. */
export function wantsSpace(wanted: WantedProperties): boolean {
  const names = wanted.kind === "some" ? wanted.names : wanted.kind === "all" ? wanted.more : [];
  return names.some((name) => Object.keys(SPACE).some((local) => name === dav(local)));
}

/** Returns a function that writes the response about an entry. */
export function responses(
  root: string,
  wanted: WantedProperties,
  space: SpaceLeft | null,
): (entry: Entry) => string {
  const names =
    wanted.kind === "some"
      ? wanted.names
      : [...Object.keys(LIVE).map(dav), ...(wanted.kind === "all" ? wanted.more : [])];
  const values = names.map((name) => ({ ...tagsOf(name), value: KNOWN.get(name) }));
  return (entry) => {
    let found = "";
    let missing = "";
    for (const { start, end, empty, value } of values) {
      const text = value?.(entry, space) ?? null;
      if (text === null) missing += empty;
      else found += text === "" || wanted.kind === "names" ? empty : start + text + end;
    }
    const propstats: Propstat[] = [];
    if (found !== "" || missing === "") propstats.push({ status: 200, properties: found });
    // Only for names that were asked for is it of interest that there is no such property.
    if (missing !== "" && wanted.kind === "some") propstats.push({ status: 404, properties: missing });
    return responseOf(hrefOf(root, entry.path, entry.kind), propstats);
  };
}
