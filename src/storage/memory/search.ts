// Searches files in memory by name.

import { type FolderPath, nameOf } from "../../path.ts";
import type { Entry } from "../entry.ts";
import { isLeftOut, matchesName, type NameQuery } from "../listing/name-query.ts";
import { naturalOrder } from "../listing/natural-order.ts";

/** See `Storage.search`. @param entriesIn the entries of a folder, in no particular order */
export function* searchIn(
  folder: FolderPath,
  query: NameQuery,
  entriesIn: (folder: FolderPath) => Entry[],
): Generator<Entry[], void, void> {
  const entries = entriesIn(folder).sort((a, b) => naturalOrder(nameOf(a.path), nameOf(b.path)));
  for (const entry of entries) {
    const name = nameOf(entry.path);
    if (isLeftOut(query, name)) continue;
    if (matchesName(query, name) && (query.kind ?? entry.kind) === entry.kind) yield [entry];
    if (entry.kind === "folder") yield* searchIn(entry.path, query, entriesIn);
  }
}
