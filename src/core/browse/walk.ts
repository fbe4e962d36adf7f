// Walks everything below a folder, entry by entry: used by searches, folder sizes and archives.

import { Problem } from "../../errors.ts";
import { type FolderPath, nameOf } from "../../path.ts";
import type { Entry } from "../../storage/entry.ts";
import { isHidden } from "../../storage/paging.ts";
import type { Storage } from "../../storage/storage.ts";

export interface WalkOptions {
  /** Aborts the walk before its next entry; it then throws the reason of the signal. */
  signal?: AbortSignal;
  /** Whether to include entries whose name starts with a dot, and the contents of such folders. @default true */
  hidden?: boolean;
  /** Whether a folder that exists but cannot be read makes the walk fail; otherwise it is skipped. @default false */
  strict?: boolean;
}

/**
 * Walks a tree depth-first: a folder comes before its contents, and the entries of one folder are in natural order
 * ("file 2" before "file 10"). Links are yielded (with `link`) but not followed, so a walk always ends. Memory holds only
 * the names in the folders from the root down to the current one. A folder that is removed in between is skipped.
 * @throws Problem not_found, not_a_folder for the folder itself; the reason of the signal; with `strict` storage_failed for
 * a folder that cannot be read
 */
export async function* walk(
  storage: Storage,
  folder: FolderPath,
  { signal, hidden = true, strict = false }: WalkOptions = {},
): AsyncGenerator<Entry, void, void> {
  const open: AsyncGenerator<Entry, void, void>[] = [entriesOf(storage, folder, hidden)];
  try {
    for (let deepest = open.at(-1); deepest; deepest = open.at(-1)) {
      signal?.throwIfAborted();
      const { value: entry } = await deepest.next();
      if (!entry) {
        open.pop();
        continue;
      }
      yield entry;
      if (entry.kind === "folder" && !entry.link)
        open.push(entriesBelow(storage, entry.path, { hidden, strict }));
    }
  } finally {
    for (const entries of open) await entries.return();
  }
}

async function* entriesOf(
  storage: Storage,
  folder: FolderPath,
  hidden: boolean,
): AsyncGenerator<Entry, void, void> {
  for await (const entries of storage.scan(folder))
    for (const entry of entries) if (hidden || !isHidden(nameOf(entry.path))) yield entry;
}

/** The entries of a folder that the walk has found; unlike the first one, it may have been removed since. */
async function* entriesBelow(
  storage: Storage,
  folder: FolderPath,
  { hidden, strict }: { hidden: boolean; strict: boolean },
): AsyncGenerator<Entry, void, void> {
  try {
    yield* entriesOf(storage, folder, hidden);
  } catch (cause) {
    // The storage throws these for a folder that was removed, and for one that cannot be read.
    if (!(cause instanceof Problem) || (cause.code !== "not_found" && cause.code !== "not_a_folder"))
      throw cause;
    if (strict && (await storage.find(folder))?.kind === "folder")
      throw new Problem("storage_failed", `The folder \`${folder}\` cannot be read.`, { cause });
  }
}
