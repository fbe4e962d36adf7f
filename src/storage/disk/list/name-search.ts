// Searches a tree for names: reads the names of each folder and calls stat only for those that match.

import { Problem } from "../../../errors.ts";
import { childOf, type FilePath, type FolderPath } from "../../../path.ts";
import type { Entry } from "../../entry.ts";
import { isLeftOut, matchesName, type NameQuery } from "../../listing/name-query.ts";
import { BY_NAME } from "../../listing/paging.ts";
import { Skipped } from "../../listing/skipped.ts";
import { closeDir, type OpenFolder } from "../at/handle.ts";
import type { PathLookup } from "../at/lookup.ts";
import { PackedNames } from "./packed-names.ts";
import { collectGarbage, eachName, FOLDER, UNKNOWN_KIND } from "./read-names.ts";
import { type Sight, sightOf } from "./sight.ts";
import { SortedNames } from "./sorted-names.ts";

/** Maximum entries of a batch: the network thread needs about 2 ms to receive them. */
export const BATCH = 500;
/** Milliseconds without a result after which an empty batch lets the caller stop the search. */
const HEARTBEAT_MS = 50;

/** An open folder, and those of its names that match or may be folders. */
interface Level {
  opened: OpenFolder;
  sight: Sight;
  names: PackedNames;
  /** One per name. */
  kinds: readonly number[];
  matches: readonly boolean[];
  order: AsyncGenerator<number, void, void>;
}

/**
 * See `Storage.search`. Yields to the event loop in time slices, and an empty batch every 50 ms, so that the caller can stop.
 * @throws Problem; the system's error
 */
export class NameSearch {
  readonly #levels: Level[] = [];
  readonly skipped = new Skipped();
  #found: Entry[] = [];
  #yieldedAt = performance.now();

  constructor(
    readonly lookup: PathLookup,
    readonly query: NameQuery,
  ) {}

  async *run(folder: FolderPath): AsyncGenerator<Entry[], void, void> {
    try {
      await this.#enter(await this.lookup.openFolder(folder));
      for (let level = this.#levels.at(-1); level; level = this.#levels.at(-1)) {
        const { value: index } = await level.order.next();
        if (index === undefined) await this.#leave();
        else await this.#visit(level, index);
        const due = performance.now() - this.#yieldedAt > HEARTBEAT_MS;
        if (this.#found.length < BATCH && !due) continue;
        yield this.#found;
        this.#found = [];
        this.#yieldedAt = performance.now();
      }
      this.lookup.assertRoot();
      yield this.#found;
    } finally {
      while (this.#levels.length > 0) await this.#leave();
    }
  }

  async #visit({ opened, sight, names, kinds, matches }: Level, index: number): Promise<void> {
    const name = names.at(index);
    const path = childOf(opened.folder, name);
    if (!path || !sight.sees(path, name)) return;
    const kind = kinds[index];
    const entry =
      matches[index] || kind === UNKNOWN_KIND ? await this.#entry(opened, names, index, path) : null;
    if (entry && matches[index] && (this.query.kind ?? entry.kind) === entry.kind && sight.shows(entry))
      this.#found.push(entry);
    if (kind === FOLDER || (kind === UNKNOWN_KIND && entry?.kind === "folder" && !entry.link))
      await this.#enterBelow(opened, names.onDisk(index), path);
  }

  /** `null` when clients must not see it, or when the server has no access, which is counted. */
  async #entry(opened: OpenFolder, names: PackedNames, index: number, path: FilePath): Promise<Entry | null> {
    try {
      return await this.lookup.entryIn(opened, names.onDisk(index), path);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "no_access") throw error;
      this.skipped.add(path, "access");
      return null;
    }
  }

  /** Enters a folder that was found; it may have been removed since. */
  async #enterBelow(parent: OpenFolder, name: string, path: FilePath): Promise<void> {
    try {
      await this.#enter(await this.lookup.openBelow(parent, name, path));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.code === "no_access") this.skipped.add(path, "access");
      else if (error.code !== "not_found" && error.code !== "not_a_folder") throw error;
    }
  }

  /** Reads the names of an open folder, which it takes over. */
  async #enter(opened: OpenFolder): Promise<void> {
    const { query, lookup } = this;
    try {
      const sight = sightOf(query.view, lookup, opened);
      const names: string[] = [];
      const kinds: number[] = [];
      const matches: boolean[] = [];
      const aliases = new Map<string, string>();
      let read = 0;
      const skipped = await eachName(lookup.calls, opened, true, ({ name, onDisk, kind }) => {
        read += 1;
        if (isLeftOut(query, name)) return;
        const isMatch = matchesName(query, name);
        if (!isMatch && kind !== FOLDER && kind !== UNKNOWN_KIND) return;
        if (onDisk !== name) aliases.set(name, onDisk);
        names.push(name);
        kinds.push(kind);
        matches.push(isMatch);
      });
      collectGarbage(read);
      if (sight.whole) this.skipped.addAll(opened.folder, skipped);
      const packed = new PackedNames(names, aliases);
      const order = new SortedNames(packed).from({ ...BY_NAME, limit: query.limit });
      this.#levels.push({ opened, sight, names: packed, kinds, matches, order });
    } catch (error) {
      await closeDir(lookup.calls, opened.dir);
      throw error;
    }
  }

  async #leave(): Promise<void> {
    const level = this.#levels.pop();
    if (level) await closeDir(this.lookup.calls, level.opened.dir);
  }
}
