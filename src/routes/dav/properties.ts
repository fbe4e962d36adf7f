// Properties of entries as XML: the live ones, which the server computes, and the dead ones (RFC 4918 section 15, RFC 4331).

import { type Propstat, responseOf } from "../../http/dav/multistatus.ts";
import type { WantedProperties } from "../../http/dav/propfind-body.ts";
import { dav, elementOf, escapeXml, tagsOf } from "../../http/dav/xml.ts";
import { type FolderPath, nameOf, urlOf } from "../../path.ts";
import type { Entry } from "../../storage/entry.ts";
import { NO_PROPERTIES, type PropertyMap } from "../../storage/properties.ts";
import { typeByName } from "../support/download/media-type.ts";
import { type LockReader, lockDiscovery, SUPPORTED_LOCKS } from "./locks/discovery.ts";

/** The space of a folder, in bytes. */
export interface SpaceLeft {
  available: number;
  used: number;
}

/** The origin of all values of one answer. */
export interface PropertySource {
  reader: LockReader;
  /** The dead properties of an entry, those that clients keep with it: their elements by name. */
  dead: (path: Entry["path"]) => PropertyMap;
  /** Null when nobody asked for it. */
  space: (folder: FolderPath) => SpaceLeft | null;
}

/** Writes the value of a property as XML; null where an entry does not have it. */
type Value = (entry: Entry, source: PropertySource) => string | null;

/** By their names in `DAV:`. */
const named = (values: Readonly<Record<string, Value>>): ReadonlyMap<string, Value> =>
  new Map(Object.entries(values).map(([local, value]) => [dav(local), value]));

const LIVE = named({
  displayname: ({ path }) => escapeXml(nameOf(path)),
  resourcetype: ({ kind }) => (kind === "folder" ? "<D:collection/>" : ""),
  getlastmodified: ({ modified }) => modified.toUTCString(),
  getcontentlength: (entry) => (entry.kind === "file" ? String(entry.size) : null),
  getcontenttype: (entry) =>
    entry.kind === "folder"
      ? "httpd/unix-directory"
      : escapeXml(typeByName(nameOf(entry.path)) ?? "application/octet-stream"),
  getetag: (entry) => (entry.kind === "file" ? escapeXml(entry.etag) : null),
  supportedlock: () => SUPPORTED_LOCKS,
  lockdiscovery: (entry, { reader }) => lockDiscovery(reader, entry),
});

/** Only sent when asked for by name (RFC 4331 section 2). */
const SPACE = named({
  "quota-available-bytes": (entry, source) => bytesOf(entry, source, "available"),
  "quota-used-bytes": (entry, source) => bytesOf(entry, source, "used"),
});

function bytesOf(entry: Entry, { space }: PropertySource, which: keyof SpaceLeft): string | null {
  const found = entry.kind === "folder" ? space(entry.path) : null;
  return found && String(Math.floor(found[which]));
}

/** The modification time, as Windows sets it. */
const WINDOWS_MODIFIED = "{urn:schemas-microsoft-com:}Win32LastModifiedTime";

const KNOWN: ReadonlyMap<string, Value> = new Map([
  ...LIVE,
  ...SPACE,
  [WINDOWS_MODIFIED, ({ modified }) => modified.toUTCString()],
]);

/** The properties by which clients set the modification time. */
const TIMES: ReadonlySet<string> = new Set([WINDOWS_MODIFIED, dav("getlastmodified"), dav("lastmodified")]);

/** Whether a property sets the modification time. */
export function isTime(name: string): boolean {
  return TIMES.has(name);
}

/** Whether the server computes a property, so that clients cannot change it. */
export function isProtected(name: string): boolean {
  return KNOWN.has(name) && !isTime(name);
}

/** Whether a request wants to know the space that is left. */
export function wantsSpace(wanted: WantedProperties): boolean {
  const names = wanted.kind === "some" ? wanted.names : wanted.kind === "all" ? wanted.more : [];
  return names.some((name) => SPACE.has(name));
}

/** Returns a function that writes the response about an entry. */
export function responses(wanted: WantedProperties, source: PropertySource): (entry: Entry) => string {
  const names =
    wanted.kind === "some" ? wanted.names : [...LIVE.keys(), ...(wanted.kind === "all" ? wanted.more : [])];
  const values = names.map((name) => ({ name, ...tagsOf(name), value: KNOWN.get(name) }));
  const wantsDead = wanted.kind !== "some" || values.some(({ value }) => !value);
  return (entry) => {
    const dead = wantsDead ? source.dead(entry.path) : NO_PROPERTIES;
    let found = "";
    let missing = "";
    for (const { name, start, end, empty, value } of values) {
      const text = value ? value(entry, source) : null;
      if (text !== null) found += text === "" || wanted.kind === "names" ? empty : start + text + end;
      else if (wanted.kind === "some" && dead.has(name)) found += dead.get(name);
      else missing += empty;
    }
    if (wanted.kind === "all") found += [...dead.values()].join("");
    if (wanted.kind === "names") for (const name of dead.keys()) found += elementOf(name);
    const propstats: Propstat[] = [];
    if (found !== "" || missing === "") propstats.push({ status: 200, properties: found });
    // Only for names that were asked for is it of interest that there is no such property.
    if (missing !== "" && wanted.kind === "some") propstats.push({ status: 404, properties: missing });
    return responseOf(urlOf(entry.path, entry.kind, source.reader.root), propstats);
  };
}
