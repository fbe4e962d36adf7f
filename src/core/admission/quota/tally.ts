// Counts the bytes below a folder while the server goes on changing files in it: every change counts once.

import { Problem } from "../../../errors.ts";
import { type FilePath, type FolderPath, folderOf, nameOf, parentOf, segmentsOf } from "../../../path.ts";
import type { Entry } from "../../../storage/entry.ts";

/** Yields everything below a folder, depth-first, a folder before its contents: see `core/browse/walk.ts`. */
export type Walk = (folder: FolderPath) => AsyncIterable<Entry>;

/** Problems of a walk whose folder does not exist. */
const NO_FOLDER: ReadonlySet<string> = new Set(["not_found", "not_a_folder"]);

/** A folder that the walk has not left yet. */
interface OpenFolder {
  readonly folder: FolderPath;
  /** Names of the files in it that were counted. */
  readonly files: Set<string>;
  /** Folders in it that the walk has left. */
  readonly left: Set<string>;
}

/** A file that changes during the count. */
interface ChangingFile {
  /** Whether it was counted before it changed: then the difference is added, otherwise its final size. */
  readonly counted: boolean;
  /** Changes that have not ended. */
  running: number;
  /** Bytes that the walk found meanwhile, which may be those before or after the change. */
  found: number;
  /** Bytes after the change; undefined until one has succeeded. */
  size: number | undefined;
}

/** One count. Memory holds the names in the folders from the top one down to the current one, and the files that changed. */
export class Tally {
  /** Whether a folder was moved, removed or added meanwhile, so that the result is worthless. */
  disturbed = false;
  #bytes = 0;
  readonly #open: OpenFolder[];
  readonly #changing = new Map<FilePath, ChangingFile>();
  /** Whether the walk has ended. */
  #walked = false;
  /** Called when a change has ended. */
  #changeEnded = (): void => {};

  constructor(readonly folder: FolderPath) {
    this.#open = [opened(folder)];
  }

  /** Bytes counted so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a file is changing now. */
  get changing(): boolean {
    return this.#changing.values().some(({ running }) => running > 0);
  }

  /** Counts until the walk ends or `stopped` says so. A folder that does not exist has no bytes. @throws the error of the walk */
  async run(walk: Walk, stopped: () => boolean): Promise<void> {
    try {
      for await (const entry of walk(this.folder)) {
        if (stopped()) return;
        this.#see(entry);
      }
    } catch (error) {
      if (!(error instanceof Problem) || !NO_FOLDER.has(error.code)) throw error;
    }
    this.#walked = true;
    // The walk may have found such a file before its change or after it.
    while (this.#hasUncertain())
      await new Promise<void>((resolve) => {
        this.#changeEnded = resolve;
      });
  }

  /** A change of this file begins. `end` must follow, once for each call. */
  begin(path: FilePath): void {
    const changing = this.#changing.get(path) ?? {
      counted: this.#walked || this.#hasCounted(path),
      running: 0,
      found: 0,
      size: undefined,
    };
    changing.running += 1;
    this.#changing.set(path, changing);
  }

  /** The change has ended. @param sizes bytes before and after it; undefined when nothing was changed */
  end(path: FilePath, sizes: { before: number; after: number } | undefined): void {
    const changing = this.#changing.get(path);
    if (!changing) return;
    changing.running -= 1;
    if (sizes && changing.counted) this.#bytes += sizes.after - sizes.before;
    else if (sizes) {
      this.#bytes += sizes.after - (changing.size ?? changing.found);
      changing.size = sizes.after;
    }
    // A file that was not counted must be ignored when the walk finds it.
    if (changing.running === 0 && (changing.counted || changing.size === undefined)) {
      this.#changing.delete(path);
      if (!changing.counted && changing.found > 0) this.#markCounted(path);
    }
    this.#changeEnded();
  }

  #hasUncertain(): boolean {
    return this.#changing.values().some(({ counted, running }) => !counted && running > 0);
  }

  #see(entry: Entry): void {
    if (entry.link) return;
    const parent = parentOf(entry.path);
    while (this.#open.length > 1 && this.#open.at(-1)?.folder !== parent) {
      const done = this.#open.pop();
      if (done) this.#open.at(-1)?.left.add(nameOf(done.folder));
    }
    if (entry.kind === "folder") {
      this.#open.push(opened(entry.path));
      return;
    }
    const changing = this.#changing.get(entry.path);
    if (changing && !changing.counted) {
      if (changing.size !== undefined) return;
      changing.found = entry.size;
    } else this.#open.at(-1)?.files.add(nameOf(entry.path));
    this.#bytes += entry.size;
  }

  #markCounted(path: FilePath): void {
    this.#open.find(({ folder }) => folder === folderOf(path))?.files.add(nameOf(path));
  }

  /** Whether the walk has counted this file, or has left its folder, in which it would have. */
  #hasCounted(path: FilePath): boolean {
    const names = segmentsOf(path).slice(segmentsOf(this.folder).length);
    for (const [depth, name] of names.entries()) {
      const open = this.#open[depth];
      if (depth === names.length - 1) return open?.files.has(name) ?? false;
      if (open?.left.has(name)) return true;
      const next = this.#open[depth + 1];
      if (!next || nameOf(next.folder) !== name) return false;
    }
    return false;
  }
}

function opened(folder: FolderPath): OpenFolder {
  return { folder, files: new Set(), left: new Set() };
}
