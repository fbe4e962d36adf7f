// Archives of files and folders: selects the entries, names them, and limits how many archives are sent at once.

import { Problem } from "../../errors.ts";
import { checkFilePath, type FolderPath, folderOf, nameOf, ROOT } from "../../path.ts";
import type { Entry, FileEntry } from "../../storage/entry.ts";
import type { Storage, StoredFile } from "../../storage/storage.ts";
import { Gate } from "../admission/gate.ts";
import { walk } from "../browse/walk.ts";
import type { ArchiveEntry, ArchiveFormat } from "./format.ts";
import { prefetch } from "./prefetch.ts";
import { coalesce, encode, encodedSize, encodeEntry, readAll, SMALL, type Source } from "./stream.ts";
import { Tar } from "./tar.ts";
import { Zip } from "./zip.ts";

/** What an archive can be. */
export const FORMATS = ["zip", "tar", "tar.gz", "tar.zst"] as const;
export type Format = (typeof FORMATS)[number];

/** Archives made at the same time: each has up to nine files open, and with a slow reader 4 MiB of memory. */
const MAX_CONCURRENT = 16;
/** Seconds a refused client is asked to wait. */
const RETRY_AFTER = 30;
/** Entries looked at before the first byte: of no more than these the size is known. */
const LOOKED_AT = 10_000;

/** Hears of an archive that is being sent. */
export interface Watcher {
  /** The reader wants more. */
  wanted(): void;
  /** All of it was taken. @param bytes before they were compressed */
  taken(bytes: number): void;
  /** The reader went. */
  left(): void;
  /** It ended early, and the reader was made to see it. */
  failed(error: unknown): void;
}

/** Makes the archives of one storage. */
export class Archives {
  readonly #gate: Gate;

  constructor(
    readonly storage: Storage,
    readonly limit = MAX_CONCURRENT,
  ) {
    const detail = `${limit} archives are already being sent, the maximum. Try again in ${RETRY_AFTER} seconds.`;
    this.#gate = new Gate(limit, { code: "too_many_archives", detail }, RETRY_AFTER);
  }

  /**
   * Begins an archive of these files and folders, those within another one only once. It has a place until it is
   * read to its end, cancelled or closed.
   * @throws Problem not_found when one is not there, too_many_archives
   */
  async open(paths: readonly FolderPath[], format: Format): Promise<Archive> {
    const archive = new Archive(this.storage, outermost(paths), format, this.#gate.enter());
    try {
      await archive.listFirst();
      return archive;
    } catch (error) {
      archive.close();
      throw error;
    }
  }
}

/** One archive, read at most once. */
export class Archive {
  /** Bytes it will have if nothing changes meanwhile: known of those that are not compressed and have few entries. */
  size: number | undefined;
  readonly #base: FolderPath;
  readonly #entries: AsyncGenerator<Entry, void, void>;
  readonly #looked: Entry[] = [];
  #closed = false;

  constructor(
    readonly storage: Storage,
    readonly paths: readonly FolderPath[],
    readonly format: Format,
    readonly closed: () => void,
  ) {
    this.#base = commonFolder(paths);
    this.#entries = this.#walk();
  }

  /** For a file of its own, without an ending. */
  get name(): string {
    const [path = ROOT, another] = this.paths;
    return nameOf(another === undefined ? path : this.#base) || "files";
  }

  /** Looks at the first entries. @throws Problem not_found when a path leads to nothing */
  async listFirst(): Promise<void> {
    while (this.#looked.length < LOOKED_AT) {
      const { done, value } = await this.#entries.next();
      if (!done) this.#looked.push(value);
      else if (this.format === "zip" || this.format === "tar") {
        this.size = encodedSize(
          this.#packer(),
          this.#looked.map((entry) => this.#member(entry)),
        );
        return;
      } else return;
    }
  }

  /** Its bytes, made while they are read. They fail when a file cannot be read as far as it went when it was opened. */
  stream(watcher: Watcher): ReadableStream<Uint8Array<ArrayBuffer>> {
    const pieces = coalesce(encode(this.#packer(), this.#sources()));
    const close = (): void => this.close();
    let bytes = 0;
    let left = false;
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        async pull(controller) {
          watcher.wanted();
          try {
            const { done, value } = await pieces.next();
            if (left) return;
            bytes += value?.length ?? 0;
            if (!done) return controller.enqueue(value);
            controller.close();
            close();
            watcher.taken(bytes);
          } catch (error) {
            close();
            // Nobody waits for it any more.
            if (!left) watcher.failed(error);
            throw error;
          }
        },
        async cancel() {
          left = true;
          watcher.left();
          await pieces.return().finally(close);
        },
      },
      { highWaterMark: 0 },
    );
    if (this.format === "tar.gz") return stream.pipeThrough(new CompressionStream("gzip"));
    if (this.format === "tar.zst") return stream.pipeThrough(new CompressionStream("zstd"));
    return stream;
  }

  /** Closes the folder walk and leaves the gate. Calling it again has no effect. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // Also of an archive that nobody began to read: the folder that is looked at is open.
    this.#entries.return().catch(() => {});
    this.closed();
  }

  #packer(): ArchiveFormat {
    return this.format === "zip" ? new Zip() : new Tar();
  }

  async *#walk(): AsyncGenerator<Entry, void, void> {
    for (const path of this.paths) {
      const entry = await this.storage.find(path);
      if (entry === null) throw new Problem("not_found", "There is nothing under one of the paths.");
      if (path !== ROOT) yield entry;
      if (entry.kind === "file") continue;
      // A link to a folder may lead to one above it: only a folder that is asked for by its path is packed through one.
      for await (const inside of walk(this.storage, entry.path, { whole: true }))
        if (inside.kind === "file" || !inside.link) yield inside;
    }
  }

  #sources(): AsyncGenerator<Source | null, void, void> {
    const make = (entry: Entry): Promise<Source | null> => this.#source(entry);
    return prefetch(this.#all(), make, async (source) => await source?.close?.());
  }

  async *#all(): AsyncGenerator<Entry, void, void> {
    try {
      yield* this.#looked.splice(0);
      yield* this.#entries;
    } finally {
      await this.#entries.return();
    }
  }

  /** @returns null when it was removed since it was listed */
  async #source(entry: Entry): Promise<Source | null> {
    if (entry.kind === "folder") return { member: this.#member(entry), bytes: new Uint8Array() };
    const file = await present(this.storage, entry);
    if (file === null) return null;
    const member = this.#member(file.entry);
    if (member.size > SMALL) return { member, bytes: encodeEntry(file), close: () => file.close() };
    try {
      return { member, bytes: await readAll(file) };
    } finally {
      await file.close();
    }
  }

  #member(entry: Entry): ArchiveEntry {
    const name = entry.path.slice(this.#base === ROOT ? 0 : this.#base.length + 1);
    // A name that begins like a drive of Windows would leave the folder it is unpacked into there.
    const safe = /^[a-z]:/i.test(name) ? `./${name}` : name;
    const size = entry.kind === "file" ? entry.size : 0;
    return { name: safe, kind: entry.kind, size, modified: entry.modified };
  }
}

/** Opens a file that was listed. @returns null when it was removed since; one that cannot be read fails */
async function present(storage: Storage, { path }: FileEntry): Promise<StoredFile | null> {
  try {
    return await storage.open(path);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "not_found") throw error;
    if ((await storage.find(path)) === null) return null;
    throw new Problem("storage_failed", `The file \`${path}\` cannot be read.`, { cause: error });
  }
}

/** The paths without those that are within another one. */
function outermost(paths: readonly FolderPath[]): FolderPath[] {
  const all = new Set(paths);
  return [...all].filter((path) => !foldersAbove(path).some((folder) => all.has(folder)));
}

/** The deepest folder that holds all of them, and so has no two of the same name. */
function commonFolder(paths: readonly FolderPath[]): FolderPath {
  const [first = [], ...others] = paths.map(foldersAbove);
  return first.findLast((folder) => others.every((folders) => folders.includes(folder))) ?? ROOT;
}

/** Every folder above a path, the root first. */
function foldersAbove(path: FolderPath): FolderPath[] {
  if (path === ROOT) return [];
  const folder = folderOf(checkFilePath(path));
  return [...foldersAbove(folder), folder];
}
