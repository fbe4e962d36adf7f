// The contract of a trash: what was removed and can come back, each with a text that says what it was.

import type { FilePath } from "../path.ts";
import type { Moved } from "./entry.ts";

declare const checked: unique symbol;

/** Says when it was made, so that the older is the smaller text. */
export type TrashId = string & { readonly [checked]: "trash" };

const FORM = /^[0-9a-z]{9}-[0-9a-f-]{36}$/;

export function isTrashId(text: string): text is TrashId {
  return FORM.test(text);
}

/** @param time in milliseconds since 1970 */
export function newTrashId(time: number): TrashId {
  const id = `${time.toString(36).padStart(9, "0")}-${crypto.randomUUID()}`;
  if (!isTrashId(id)) throw new TypeError("A time of this age has nine digits.");
  return id;
}

/** When the id was made, in milliseconds since 1970. */
export function timeOf(id: TrashId): number {
  return Number.parseInt(id.slice(0, 9), 36);
}

/** What these do survives a power cut when they resolve; until then an entry may be in the trash and in the tree, but never in neither. */
export interface Trash {
  /**
   * Puts a file or folder away, in one step, under this id.
   * @throws Problem not_found, link_in_path, other_file_system
   */
  put(path: FilePath, id: TrashId, text: string): Promise<void>;

  /** All ids, in no order. */
  ids(): Promise<TrashId[]>;

  /** The text of one, `null` when it is gone. */
  text(id: TrashId): Promise<string | null>;

  /** Puts it into the tree again; see `Storage.move`. @throws Problem not_found, name_taken, … */
  restore(id: TrashId, to: FilePath, options: { replace: boolean }): Promise<Moved>;

  /** Removes it for good. @throws Problem not_found */
  remove(id: TrashId): Promise<void>;
}
