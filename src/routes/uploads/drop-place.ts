// The place of a resumable upload: anywhere below the root, or in the folder of a visit of a drop.

import type { Allowance } from "../../core/admission/allowance.ts";
import type { SessionOptions } from "../../core/resumable/state/creation.ts";
import type { UploadState } from "../../core/resumable/state/record.ts";
import type { SavedFile } from "../../core/upload/saved-file.ts";
import type { FolderPath } from "../../path.ts";

/** The place of an upload to a drop. */
export interface DropPlace {
  /** The folder of the visit. */
  folder: FolderPath;
  receipt: string;
  /** Begins to count a file towards the limits of the drop. @throws Problem link_full, file_too_large */
  allow: (size: number | null) => () => Allowance;
}

/** The options of a new upload that has a drop as its place. @param size null when unknown */
export function dropOptions(
  drop: DropPlace | undefined,
  size: number | null,
): Pick<SessionOptions, "allow" | "receipt"> {
  return drop ? { allow: drop.allow(size), receipt: drop.receipt } : {};
}

/** The file of a finished upload, as its client may see it. */
export function shownFile({ receipt }: Pick<UploadState, "receipt">, file: SavedFile) {
  return receipt === null ? file : droppedFile(file, receipt);
}

/** A file saved in a drop, as its sender sees it: nothing about its path, or about other files. */
export function droppedFile(
  { name, size, flow }: SavedFile,
  receipt: string,
): Pick<SavedFile, "name" | "size" | "flow"> & { receipt: string } {
  return { name, size, receipt, flow };
}
