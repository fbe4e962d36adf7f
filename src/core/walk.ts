// Everything below a folder, one entry after the other: for whoever searches, counts, packs, copies or removes a tree.

import { Problem } from "../errors.ts";
import { type FolderPath, nameOf } from "../path.ts";
import type { Entry, Storage } from "../storage/storage.ts";

export interface WalkOptions {
  /** Ends the walk: what it waits for is not looked at any more, and it throws the reason of the signal. */
  signal?: AbortSignal;
  /** Entries whose name starts with a dot, and what is below such folders. @default true */
  hidden?: boolean;
}

/**
 * Walks a tree depth-first: a folder comes before what is in it, the entries of one folder in the order of their names
 * (by code units). What is reached through a link is told (`link`), but no link is descended into, so a walk ends. Only
 * the entries of the folders on the way down are kept in memory. A folder that goes away meanwhile is passed over.
 * Leaving the loop ends the walk.
 * @throws Problem not_found, not_a_folder for the folder itself; the reason of the signal
 */
export async function* walk(
  storage: Storage,
  folder: FolderPath,
  { signal, hidden = true }: WalkOptions = {},
): AsyncGenerator<Entry, void, void> {
  const entriesOf = async (path: FolderPath): Promise<Iterator<Entry>> => {
    signal?.throwIfAborted();
    const entries = await storage.list(path);
    const shown = hidden ? entries : entries.filter((entry) => !nameOf(entry.path).startsWith("."));
    return shown.sort((a, b) => (a.path < b.path ? -1 : 1)).values();
  };
  const way = [await entriesOf(folder)];
  for (let here = way.at(-1); here; here = way.at(-1)) {
    signal?.throwIfAborted();
    const { value: entry, done } = here.next();
    if (done) {
      way.pop();
      continue;
    }
    yield entry;
    if (entry.kind === "folder" && !entry.link) way.push(await entriesOf(entry.path).catch(nothingWhenGone));
  }
}

function nothingWhenGone(error: unknown): Iterator<Entry> {
  if (error instanceof Problem && (error.code === "not_found" || error.code === "not_a_folder"))
    return [].values();
  throw error;
}
