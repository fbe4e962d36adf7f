// Walks everything below a folder, entry by entry, for searches, folder sizes and archives.

import { Problem } from "../../errors.ts";
import { type FolderPath, nameOf } from "../../path.ts";
import type { Entry } from "../../storage/entry.ts";
import { isHidden } from "../../storage/paging.ts";
import type { Storage } from "../../storage/storage.ts";

export interface WalkOptions {
  /** Ends the walk: what it waits for is not looked at any more, and it throws the reason of the signal. */
  signal?: AbortSignal;
  /** Entries whose name starts with a dot, and what is below such folders. @default true */
  hidden?: boolean;
  /** A folder that is there and cannot be read ends the walk; otherwise it is passed over. @default false */
  whole?: boolean;
}

/**
 * Walks a tree depth-first: a folder comes before what is in it, the entries of one folder in the order of their names
 * ("file 2" before "file 10"). What is reached through a link is told (`link`), but no link is descended into, so a walk
 * ends. Only the names in the folders on the way down are kept in memory. A folder that goes away meanwhile is passed
 * over. Leaving the loop ends the walk.
 * @throws Problem not_found, not_a_folder for the folder itself; the reason of the signal; with `whole` storage_failed for
 * a folder that cannot be read
 */
export async function* walk(
  storage: Storage,
  folder: FolderPath,
  { signal, hidden = true, whole = false }: WalkOptions = {},
): AsyncGenerator<Entry, void, void> {
  const way: AsyncGenerator<Entry, void, void>[] = [entriesOf(storage, folder, hidden)];
  try {
    for (let here = way.at(-1); here; here = way.at(-1)) {
      signal?.throwIfAborted();
      const { value: entry } = await here.next();
      if (!entry) {
        way.pop();
        continue;
      }
      yield entry;
      if (entry.kind === "folder" && !entry.link)
        way.push(entriesWithin(storage, entry.path, { hidden, whole }));
    }
  } finally {
    for (const left of way) await left.return();
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

/** Those of a folder that was there a moment ago. */
async function* entriesWithin(
  storage: Storage,
  folder: FolderPath,
  { hidden, whole }: { hidden: boolean; whole: boolean },
): AsyncGenerator<Entry, void, void> {
  try {
    yield* entriesOf(storage, folder, hidden);
  } catch (cause) {
    // What is said of a folder that is gone, and of one that cannot be read.
    if (!(cause instanceof Problem) || (cause.code !== "not_found" && cause.code !== "not_a_folder"))
      throw cause;
    if (whole && (await storage.find(folder))?.kind === "folder")
      throw new Problem("storage_failed", `The folder \`${folder}\` cannot be read.`, { cause });
  }
}
