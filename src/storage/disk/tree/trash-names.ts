// Names in the folder of the trash: ID.entry and its sidecar ID.note, or ID.entry.PATH for an entry without a sidecar; ID.aside marks one that was put aside.

import { checkFilePath, type FilePath, MAX_SEGMENT_BYTES } from "../../../path.ts";
import { isTrashId, type TrashId } from "../../trash.ts";

const ID_LENGTH = 46;
const SIDECAR = ".note";
const ENTRY = ".entry";
const ASIDE = ".aside";

export const sidecarName = (id: TrashId): string => id + SIDECAR;
export const entryName = (id: TrashId): string => id + ENTRY;
export const asideName = (id: TrashId): string => id + ASIDE;

/** The name of an entry without a sidecar: as much of the end of its path as fits. */
export function entryNameWithPath(id: TrashId, path: FilePath): string {
  const longest = MAX_SEGMENT_BYTES - ID_LENGTH - ENTRY.length - 1;
  let kept: string = path;
  while (Buffer.byteLength(encoded(kept)) > longest)
    kept = kept.includes("/") ? kept.slice(kept.indexOf("/") + 1) : [...kept].slice(1).join("");
  return `${entryName(id)}.${encoded(kept)}`;
}

/** The path in the name of an entry, `null` when it is in the sidecar. */
export function pathInName(name: string): FilePath | null {
  const text = name.slice(ID_LENGTH + ENTRY.length + 1);
  if (text === "") return null;
  try {
    return checkFilePath(text.replaceAll("%2F", "/").replaceAll("%25", "%"));
  } catch {
    // The part that was cut off made it valid.
    return checkFilePath(`deleted-${name.slice(0, ID_LENGTH)}`);
  }
}

/** A slash is the one character of a path that no name can have. */
const encoded = (path: string): string => path.replaceAll("%", "%25").replaceAll("/", "%2F");

/** The id in the name of an entry, `null` for any other name. */
export function idOfEntry(name: string): TrashId | null {
  const rest = name.slice(ID_LENGTH);
  return rest === ENTRY || rest.startsWith(`${ENTRY}.`) ? idIn(name) : null;
}

/** The id in the name of a sidecar, `null` for any other name. */
export function idOfSidecar(name: string): TrashId | null {
  return name.slice(ID_LENGTH) === SIDECAR ? idIn(name) : null;
}

/** The id in the name of a mark, `null` for any other name. */
export function idOfAside(name: string): TrashId | null {
  return name.slice(ID_LENGTH) === ASIDE ? idIn(name) : null;
}

function idIn(name: string): TrashId | null {
  const id = name.slice(0, ID_LENGTH);
  return isTrashId(id) ? id : null;
}
