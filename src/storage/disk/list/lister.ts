// Sorted pages and full scans of folders. Runs on a worker thread, see lister-thread.ts.

import { Problem } from "../../../errors.ts";
import { childOf, type FolderPath } from "../../../path.ts";
import { TimeSlice } from "../../../system/time-slice.ts";
import type { Entry } from "../../entry.ts";
import type { NameQuery } from "../../listing/name-query.ts";
import { naturalOrder } from "../../listing/natural-order.ts";
import { BY_NAME, extensionOf, type Page, type PageQuery } from "../../listing/paging.ts";
import { Skipped, type SkippedEntries } from "../../listing/skipped.ts";
import type { ViewText } from "../../listing/view.ts";
import { closeDir, type OpenFolder } from "../at/handle.ts";
import type { PathLookup } from "../at/lookup.ts";
import { diskProblem } from "../os/errno.ts";
import { SLICE_MS } from "./merge-sort.ts";
import { BATCH, NameSearch } from "./name-search.ts";
import type { PackedNames } from "./packed-names.ts";
import { collectGarbage, FOLDER, LINK, readNames, UNKNOWN_KIND } from "./read-names.ts";
import { type Sight, sightOf } from "./sight.ts";
import { SortCache } from "./sort-cache.ts";
import { SortedNames, type SortKeys } from "./sorted-names.ts";

/** Listing operations, whichever thread runs them. */
export interface Folders {
  /** See `Storage.page`. */
  page(folder: FolderPath, query: PageQuery): Promise<Page>;
  /** See `Storage.scan`. */
  scan(folder: FolderPath, view?: ViewText): AsyncGenerator<Entry[], SkippedEntries, void>;
  /** See `Storage.search`. */
  search(folder: FolderPath, query: NameQuery): AsyncGenerator<Entry[], SkippedEntries, void>;
  close(): Promise<void>;
}

export class Lister implements Folders {
  readonly #orders = new SortCache();

  constructor(readonly lookup: PathLookup) {}

  async page(folder: FolderPath, query: PageQuery): Promise<Page> {
    const opened = await this.lookup.openFolder(folder);
    try {
      const page = await this.#pageOf(opened, query);
      this.lookup.assertRoot();
      return page;
    } catch (error) {
      throw diskProblem(error);
    } finally {
      await closeDir(this.lookup.calls, opened.dir);
    }
  }

  async *scan(folder: FolderPath, view?: ViewText): AsyncGenerator<Entry[], SkippedEntries, void> {
    const opened = await this.lookup.openFolder(folder);
    try {
      const sight = sightOf(view, this.lookup, opened);
      const { names } = await readNames(this.lookup.calls, opened, false);
      collectGarbage(names.length);
      const skipped = new Skipped();
      if (sight.whole) skipped.addAll("", names.skipped);
      let entries: Entry[] = [];
      const everything: PageQuery = { ...BY_NAME, limit: names.length };
      for await (const index of new SortedNames(names).from(everything)) {
        const entry = await this.#entry(opened, names, index, sight, skipped);
        if (entry) entries.push(entry);
        if (entries.length < BATCH) continue;
        yield entries;
        entries = [];
      }
      this.lookup.assertRoot();
      yield entries;
      return skipped;
    } catch (error) {
      throw diskProblem(error);
    } finally {
      await closeDir(this.lookup.calls, opened.dir);
    }
  }

  async *search(folder: FolderPath, query: NameQuery): AsyncGenerator<Entry[], SkippedEntries, void> {
    const search = new NameSearch(this.lookup, query);
    try {
      yield* search.run(folder);
      return search.skipped;
    } catch (error) {
      throw diskProblem(error);
    }
  }

  async close(): Promise<void> {}

  async #pageOf(opened: OpenFolder, query: PageQuery): Promise<Page> {
    const sight = sightOf(query.view, this.lookup, opened);
    const order = await this.#order(opened, query);
    const entries: Entry[] = [];
    const skipped = new Skipped();
    if (sight.whole) skipped.addAll("", order.names.skipped);
    const slice = new TimeSlice(SLICE_MS);
    let last = 0;
    for await (const index of order.from(query)) {
      if (slice.expired) await slice.yield();
      const entry = await this.#entry(opened, order.names, index, sight, skipped);
      if (!entry) continue;
      // This entry is past the page, so there is a next one.
      if (entries.length === query.limit)
        return { entries, next: order.pageKeyAt(last), skipped: skipped.count };
      entries.push(entry);
      last = index;
    }
    return { entries, next: null, skipped: skipped.count };
  }

  /** The entry, `null` when clients must not see it, or when the server has no access, which is counted. */
  async #entry(
    opened: OpenFolder,
    names: PackedNames,
    index: number,
    sight?: Sight,
    skipped?: Skipped,
  ): Promise<Entry | null> {
    const name = names.at(index);
    const path = childOf(opened.folder, name);
    if (!path || sight?.sees(path, name) === false) return null;
    try {
      const entry = await this.lookup.entryIn(opened, names.onDisk(index), path);
      return entry && sight?.shows(entry) !== false ? entry : null;
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "no_access") throw error;
      skipped?.add(name, "access");
      return null;
    }
  }

  async #order(opened: OpenFolder, query: PageQuery): Promise<SortedNames> {
    const began = new Date();
    const question = { folder: opened.folder, stat: this.lookup.calls.stat(opened.dir.fd), query };
    const cached = this.#orders.find(question);
    if (cached) return cached;
    const order = await this.#newOrder(opened, query);
    collectGarbage(order.names.length);
    this.#orders.add(question, order, began);
    return order;
  }

  async #newOrder(opened: OpenFolder, { sort, foldersFirst }: PageQuery): Promise<SortedNames> {
    const needsStat = sort === "size" || sort === "modified";
    const wanted = !needsStat && (foldersFirst || sort === "kind");
    const { names, kinds } = await readNames(this.lookup.calls, opened, wanted);
    if (sort === "name" && !foldersFirst) return new SortedNames(names);
    const groups = foldersFirst ? new Uint8Array(names.length) : undefined;
    const keys = sort === "name" ? undefined : new Float64Array(names.length);
    const ranks = new Map<string, number>();
    const slice = new TimeSlice(SLICE_MS);
    for (let index = 0; index < names.length; index += 1) {
      if (slice.expired) await slice.yield();
      let folder = kinds[index] === FOLDER;
      if (needsStat || kinds[index] === UNKNOWN_KIND || kinds[index] === LINK) {
        const entry = await this.#entry(opened, names, index);
        folder = entry?.kind === "folder";
        if (keys && sort === "size") keys[index] = entry?.kind === "file" ? entry.size : 0;
        if (keys && sort === "modified") keys[index] = entry?.modified.getTime() ?? 0;
      }
      if (groups && !folder) groups[index] = 1;
      if (!keys || sort !== "kind") continue;
      const text = folder ? "" : extensionOf(names.at(index));
      const rank = ranks.get(text) ?? ranks.size;
      ranks.set(text, rank);
      keys[index] = rank;
    }
    return new SortedNames(names, { groups, ...ranked(keys, ranks) });
  }
}

/** Renumbers keys that index texts, so that they sort like the texts. */
function ranked(keys: Float64Array | undefined, ranks: ReadonlyMap<string, number>): SortKeys {
  if (!keys || ranks.size === 0) return { keys };
  const texts = [...ranks.keys()].sort(naturalOrder);
  const ranksOf = new Float64Array(texts.length);
  for (const [index, text] of texts.entries()) ranksOf[ranks.get(text) ?? 0] = index;
  return { keys: keys.map((rank) => ranksOf[rank] ?? 0), texts };
}
