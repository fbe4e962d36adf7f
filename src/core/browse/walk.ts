// Walks everything below a folder, entry by entry: used by searches, folder sizes and archives.

import { Problem } from "../../errors.ts";
import { type FolderPath, nameOf } from "../../path.ts";
import type { Entry } from "../../storage/entry.ts";
import { isHidden } from "../../storage/listing/paging.ts";
import { Skipped, type SkipReason } from "../../storage/listing/skipped.ts";
import type { ViewText } from "../../storage/listing/view.ts";
import type { Storage } from "../../storage/storage.ts";

export interface WalkOptions {
  /** Aborts the walk before its next entry; it then throws the reason of the signal. */
  signal?: AbortSignal;
  /** Whether to include entries whose name starts with a dot, and the contents of such folders. @default true */
  hidden?: boolean;
  /** Gets the entries that the walk skips: those that no path can contain, and folders that the server may not read. */
  skipped?: Skipped;
  /** The entries that may be yielded: see `PageQuery`. @default all */
  view?: ViewText | undefined;
  /** Why an entry, and everything below it, is skipped; null for one that is not. */
  refuse?: (entry: Entry) => SkipReason | null;
}

/**
 * Walks a tree depth-first: a folder comes before its contents, and the entries of one folder are in natural order
 * ("file 2" before "file 10"). Links are yielded (with `link`) but not followed, so a walk always ends. Memory holds only
 * the names in the folders from the root down to the current one. A folder that is removed in between is left out.
 * @throws Problem not_found, not_a_folder, no_access for the folder itself; the reason of the signal
 */
export async function* walk(
  storage: Storage,
  folder: FolderPath,
  { signal, hidden = true, skipped = new Skipped(), view, refuse }: WalkOptions = {},
): AsyncGenerator<Entry, void, void> {
  const options = { hidden, skipped, view };
  const open: AsyncGenerator<Entry, void, void>[] = [entriesOf(storage, folder, options)];
  try {
    for (let deepest = open.at(-1); deepest; deepest = open.at(-1)) {
      signal?.throwIfAborted();
      const { value: entry } = await deepest.next();
      if (!entry) {
        open.pop();
        continue;
      }
      const refused = refuse?.(entry) ?? null;
      if (refused !== null) {
        skipped.add(entry.path, refused);
        continue;
      }
      yield entry;
      if (entry.kind === "folder" && !entry.link) open.push(entriesBelow(storage, entry.path, options));
    }
  } finally {
    for (const entries of open) await entries.return();
  }
}

type EntryOptions = Required<Pick<WalkOptions, "hidden" | "skipped" | "view">>;

async function* entriesOf(
  storage: Storage,
  folder: FolderPath,
  { hidden, skipped, view }: EntryOptions,
): AsyncGenerator<Entry, void, void> {
  const scan = storage.scan(folder, view);
  try {
    for (let step = await scan.next(); ; step = await scan.next()) {
      if (step.done) return skipped.addAll(folder, step.value);
      for (const entry of step.value) if (hidden || !isHidden(nameOf(entry.path))) yield entry;
    }
  } finally {
    await scan.return(new Skipped());
  }
}

/** The entries of a folder that the walk has found; unlike the first one, it may have been removed since. */
async function* entriesBelow(
  storage: Storage,
  folder: FolderPath,
  options: EntryOptions,
): AsyncGenerator<Entry, void, void> {
  try {
    yield* entriesOf(storage, folder, options);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.code === "no_access") options.skipped.add(folder, "access");
    // The storage throws these for a folder that was removed.
    else if (error.code !== "not_found" && error.code !== "not_a_folder") throw error;
  }
}
