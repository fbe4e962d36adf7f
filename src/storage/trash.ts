// The contract of a trash: removed entries that can be restored, each with the path that it had.

import type { FilePath } from "../path.ts";
import type { Entry, Moved } from "./entry.ts";

declare const checked: unique symbol;

/** Starts with its creation time, so that ids sort by age, and contains the age of the storage at that time. */
export type TrashId = string & { readonly [checked]: "trash" };

const FORM = /^[0-9a-z]{9}-[0-9a-f-]{36}$/;
/** A UUID of version 8 (RFC 9562) that begins with the age of the storage. Earlier releases made UUIDs of version 4. */
const WITH_AGE = /^.{10}([0-9a-f]{8})-([0-9a-f]{4})-8/;
const AGE_DIGITS = 12;

export function isTrashId(text: string): text is TrashId {
  return FORM.test(text);
}

/**
 * @param time in milliseconds since 1970
 * @param age `Storage.age`
 */
export function newTrashId(time: number, age: number): TrashId {
  const digits = Math.max(0, Math.floor(age)).toString(16).padStart(AGE_DIGITS, "0").slice(-AGE_DIGITS);
  const rest = crypto.randomUUID().slice(15);
  const id = `${time.toString(36).padStart(9, "0")}-${digits.slice(0, 8)}-${digits.slice(8)}-8${rest}`;
  if (!isTrashId(id)) throw new TypeError("The time must have at most nine base-36 digits.");
  return id;
}

/** When the id was made, in milliseconds since 1970. */
export function timeOf(id: TrashId): number {
  return Number.parseInt(id.slice(0, 9), 36);
}

/** The age of the storage when the id was made; 0, the earliest possible, for ids of earlier releases. */
export function ageOf(id: TrashId): number {
  const [, high, low] = WITH_AGE.exec(id) ?? [];
  return high === undefined || low === undefined ? 0 : Number.parseInt(high + low, 16);
}

/** An entry of the trash. */
export interface Trashed {
  /** Its path when it was removed. */
  path: FilePath;
  kind: Entry["kind"];
  /** Bytes; only of files. */
  size?: number;
}

/**
 * Changes survive a power cut once the promise resolves. After a power cut before that, an entry may be in the trash and in
 * the tree, but never in neither.
 */
export interface Trash {
  /**
   * Moves a file, or with `recursive` a folder, to the trash in one step, under a new id. It takes whatever has the name
   * at that moment, and deletes nothing.
   * With `aside` it is back under its path at the next start, if that is free, unless `keep`, `restore` or `remove` comes before.
   * @throws Problem not_found, is_folder, link_in_path, mount_point, other_file_system
   */
  put(path: FilePath, id: TrashId, options: { recursive: boolean; aside?: boolean }): Promise<void>;

  /** Makes an entry that was put aside one that was removed. @throws Problem */
  keep(id: TrashId): Promise<void>;

  /** All ids, in no particular order. */
  ids(): Promise<TrashId[]>;

  /** An entry as it is now, `null` when it is gone. */
  find(id: TrashId): Promise<Trashed | null>;

  /** Bytes of an entry: of a folder, those of all files in it. @throws Problem not_found, no_access */
  measure(id: TrashId): Promise<number>;

  /** Moves an entry back into the tree; see `Storage.move`. @throws Problem not_found, name_taken, … */
  restore(id: TrashId, to: FilePath, options: { replace: boolean }): Promise<Moved>;

  /** Deletes an entry permanently. @throws Problem not_found */
  remove(id: TrashId): Promise<void>;
}
