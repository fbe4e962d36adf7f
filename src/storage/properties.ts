// The contract of dead properties: texts that WebDAV clients keep with entries, and that mean nothing to the server (RFC 4918 section 4).

import { Problem } from "../errors.ts";
import type { FilePath, FolderPath } from "../path.ts";
import type { TrashId } from "./trash.ts";

/** An entry in the trash, as a place of properties. Starts with a slash, as no path does. */
export type TrashPlace = `/trash/${TrashId}`;

/** Where properties are kept: a path, or an entry in the trash. */
export type PropertyPlace = FilePath | FolderPath | TrashPlace;

/** Names in Clark notation (`{namespace}local`), and their values: XML that declares its namespaces itself. */
export type PropertyMap = ReadonlyMap<string, string>;

/** Bytes of UTF-8 of all names and values at one path. */
export const MAX_PROPERTY_BYTES = 64 * 1024;

/** An entry without properties. */
export const NO_PROPERTIES: PropertyMap = new Map();

/** One step: either all of it is stored, or nothing. A name that is set and removed is set. */
export interface PropertyChange {
  set: PropertyMap;
  remove: readonly string[];
}

/**
 * Properties belong to a path, whether an entry is there or not. They are lesser data than files: after a power cut, the
 * latest changes may be missing. `move`, `copy` and `remove` concern everything below, too, and never throw: the entry has
 * been moved by then. If its properties cannot follow, the operator is warned.
 */
export interface Properties {
  /** Whether nothing is stored. All other methods but `change` then return at once. */
  readonly empty: boolean;

  /** The properties of one path. Never throws: a database that cannot be read has none. */
  of(place: PropertyPlace): PropertyMap;

  /** The properties of the entries of a folder, entry by entry; a folder without any is read once. */
  inFolder(folder: FolderPath): (path: FilePath | FolderPath) => PropertyMap;

  /** @throws Problem too_many_properties, storage_full, storage_read_only, storage_failed; nothing was changed then */
  change(place: PropertyPlace, change: PropertyChange): Promise<void>;

  /** The properties of another entry that was at `to` are forgotten. */
  move(from: PropertyPlace, to: PropertyPlace): Promise<void>;

  /** See `move`. */
  copy(from: PropertyPlace, to: PropertyPlace): Promise<void>;

  remove(place: PropertyPlace): Promise<void>;
}

/** The place of an entry in the trash. */
export function trashPlace(id: TrashId): TrashPlace {
  return `/trash/${id}`;
}

/** Applies a change to the properties of one path. @throws Problem too_many_properties */
export function changed(current: PropertyMap, { set, remove }: PropertyChange): PropertyMap {
  const next = new Map(current);
  for (const name of remove) next.delete(name);
  for (const [name, value] of set) next.set(name, value);
  let bytes = 0;
  for (const pair of next) for (const text of pair) bytes += Buffer.byteLength(text);
  if (bytes > MAX_PROPERTY_BYTES) throw tooManyProperties();
  return next;
}

function tooManyProperties(): Problem {
  return new Problem(
    "too_many_properties",
    `The properties of one file or folder may have ${MAX_PROPERTY_BYTES / 1024} KiB together.`,
  );
}

/** A storage that keeps none. @param refusal the problem of every change */
export function noProperties(refusal: () => Problem): Properties {
  return {
    empty: true,
    of: () => NO_PROPERTIES,
    inFolder: () => () => NO_PROPERTIES,
    change: async () => {
      throw refusal();
    },
    move: async () => {},
    copy: async () => {},
    remove: async () => {},
  };
}
