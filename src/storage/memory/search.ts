// Searches files in memory by name.

import { type FolderPath, nameOf } from "../../path.ts";
import type { Entry } from "../entry.ts";
import { isLeftOut, matchesName, type NameQuery } from "../listing/name-query.ts";
import { naturalOrder } from "../listing/natural-order.ts";
import { viewOf } from "../listing/view.ts";

/** See `Storage.search`. @param entriesIn the entries of a folder, in no particular order */
export function* searchIn(
  folder: FolderPath,
  query: NameQuery,
  entriesIn: (folder: FolderPath) => Entry[],
): Generator<Entry[], void, void> {
  const view = viewOf(query.view);
  const entries = entriesIn(folder).sort((a, b) => naturalOrder(nameOf(a.path), nameOf(b.path)));
  for (const entry of entries) {
    const name = nameOf(entry.path);
    if (isLeftOut(query, name) || view?.sees(entry.path) === false) continue;
    if (matchesName(query, name) && (query.kind ?? entry.kind) === entry.kind) yield [entry];
    if (entry.kind === "folder") yield* searchIn(entry.path, query, entriesIn);
  }
}
