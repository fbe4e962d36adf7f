// Problems that several storages report, worded once.

import { Problem } from "../errors.ts";

/** Another file or folder has the name. */
export function nameTaken(cause?: unknown): Problem {
  return new Problem("name_taken", "A file or folder with this name already exists.", { cause });
}

/** The path leads to neither a file nor a folder. */
export function entryNotFound(cause?: unknown): Problem {
  return new Problem("not_found", "There is no such file or folder.", { cause });
}

/** The system refuses to let the server read an entry. @param path as clients know it, or as far as it can be spelled */
export function notReadable(path: string, cause?: unknown): Problem {
  const subject = path === "" ? "its root" : `\`${path}\``;
  const detail = `The server may not read ${subject}. Its owner can permit that, for example with chmod.`;
  return new Problem("no_access", detail, { cause });
}

/** The system refuses to let the server add, replace, rename or remove an entry of a folder. @param folder as clients know it */
export function notWritable(folder: string, cause?: unknown): Problem {
  if (folder === "")
    return new Problem("storage_read_only", "The server may not write to its root.", { cause });
  return new Problem(
    "no_access",
    `The server may not change \`${folder}\`. Its owner can permit that, for example with chmod.`,
    { cause },
  );
}

export function folderNotFound(cause?: unknown): Problem {
  return new Problem("not_found", "There is no such folder.", { cause });
}

export function uploadNotFound(): Problem {
  return new Problem(
    "not_found",
    "There is no upload with this id. It may have been deleted or have expired: start a new one.",
  );
}

/** A method was called on an upload that is already finished, suspended or discarded. */
export function uploadEnded(): Problem {
  return new Problem("storage_failed", "The upload has already ended.");
}

/** One upload has one writer. */
export function uploadOpen(): Problem {
  return new Problem("storage_failed", "The upload is already open for writing.");
}

/** `truncate` cannot extend an upload. */
export function uploadShorter(): Problem {
  return new Problem("storage_failed", "The upload is shorter than the requested length.");
}

/** The path of the root leads to nothing, or to another folder than at the start. */
export function rootGone(): Problem {
  return new Problem(
    "storage_gone",
    "The root of the server was removed, unmounted or replaced by another folder. Nothing is read or written until it is back.",
  );
}

export function storageClosed(): Problem {
  return new Problem("storage_gone", "The storage is closed.");
}

/** A folder is removed only when that was asked for. */
export function needsRecursive(): Problem {
  return new Problem("is_folder", "This is a folder. Use `?recursive=true` to delete it with its contents.");
}

/** The system would not let the server delete an entry. @param path as clients know it */
export function notRemovable(path: string, cause?: unknown): Problem {
  return new Problem(
    "no_access",
    `The server may not delete \`${path}\`, so it is kept. Check its owner and attributes, and the rights of its folder.`,
    { cause },
  );
}

/** An entry was added or changed after the copy for a move. @param path as clients know it */
export function sourceChanged(path: string, cause?: unknown): Problem {
  const detail = `\`${path}\` was added or changed while the rest was moved to another file system, so it is kept.`;
  return new Problem("source_changed", detail, { cause });
}
