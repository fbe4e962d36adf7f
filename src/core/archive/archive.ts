// Archives of files and folders: selects and names the entries, and limits how many archives are sent concurrently.

import { Problem } from "../../errors.ts";
import { checkFilePath, type FilePath, type FolderPath, folderOf, nameOf, ROOT } from "../../path.ts";
import type { Entry, FileEntry } from "../../storage/entry.ts";
import { Skipped, type SkipReason } from "../../storage/listing/skipped.ts";
import type { ViewText } from "../../storage/listing/view.ts";
import type { Storage } from "../../storage/storage.ts";
import type { StoredFile } from "../../storage/stored-file.ts";
import { Gate } from "../admission/gate.ts";
import { walk } from "../browse/walk.ts";
import type { ArchiveEntry, ArchiveFormat } from "./format.ts";
import { prefetch } from "./prefetch.ts";
import { NOTE_NAMES, skippedNote } from "./skipped-note.ts";
import { coalesce, encode, encodedSize, readAll, readChunks, SMALL, type Source } from "./stream.ts";
import { Tar } from "./tar.ts";
import { Zip } from "./zip.ts";

/** The archive formats. */
export const FORMATS = ["zip", "tar", "tar.gz", "tar.zst"] as const;
export type Format = (typeof FORMATS)[number];

/** Archives sent concurrently, in all and to one client. Each has up to nine open files, and with a slow reader uses 4 MiB of memory. */
const MAX_CONCURRENT = 16;
const MAX_PER_CLIENT = 8;
/** Seconds a refused client is asked to wait. */
const RETRY_AFTER = 30;
/** Entries listed before the first byte is sent. The size of a larger archive is unknown. */
const MAX_LISTED = 10_000;

/** Observes an archive that is being sent. */
export interface ArchiveObserver {
  /** The reader requests more bytes. */
  pulled(): void;
  /** The archive was read to its end. @param bytes before compression */
  sent(bytes: number): void;
  /** The reader went away. */
  cancelled(): void;
  /** The archive failed, and the reader got the error. */
  failed(error: unknown): void;
}

/** The rights of the client of an archive. */
export interface ArchiveView {
  /** The entries that the archive may name. */
  view: ViewText | undefined;
  /** Whether a file may be read, or something below a folder. */
  reads: (path: FilePath | FolderPath) => boolean;
}

const WHOLE: ArchiveView = { view: undefined, reads: () => true };

/** Creates the archives of one storage. */
export class Archives {
  readonly #gate: Gate;

  constructor(
    readonly storage: Storage,
    readonly limit = MAX_CONCURRENT,
  ) {
    const detail = `${limit} archives are already being sent, the maximum. Try again in ${RETRY_AFTER} seconds.`;
    this.#gate = new Gate(limit, { code: "too_many_archives", detail }, RETRY_AFTER, {
      limit: MAX_PER_CLIENT,
      detail: `${MAX_PER_CLIENT} archives are already being sent to your address, the maximum. Try again in ${RETRY_AFTER} seconds.`,
    });
  }

  /**
   * Opens an archive of these files and folders; a path inside another one is included only once. The archive counts
   * towards the limit until it is read to its end, cancelled or closed.
   * @param client that is counted; `undefined` for none
   * @param may what else is left out. @default nothing
   * @throws Problem not_found when a path does not exist, no_access when the server may not read it, too_many_archives
   */
  async open(paths: readonly FolderPath[], format: Format, client?: string, may = WHOLE): Promise<Archive> {
    const archive = new Archive(this.storage, outermost(paths), format, this.#gate.enter(client), may);
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
  /** Bytes of the archive if nothing changes in between; unknown for compressed formats and for more than `MAX_LISTED` entries. */
  size: number | undefined;
  readonly #base: FolderPath;
  readonly #entries: AsyncGenerator<Entry, void, void>;
  /** The entries that `listFirst` has read ahead. */
  readonly #listed: Entry[] = [];
  /** Entries left out so far. A text file at the end of the archive names them. */
  readonly skipped = new Skipped();
  readonly #opened = new Date();
  #noteName: string = NOTE_NAMES[0];
  #closed = false;

  constructor(
    readonly storage: Storage,
    readonly paths: readonly FolderPath[],
    readonly format: Format,
    readonly onClosed: () => void,
    readonly may: ArchiveView,
  ) {
    this.#base = commonFolder(paths);
    this.#entries = this.#walk();
  }

  /** A file name for the archive, without extension. */
  get name(): string {
    const [path = ROOT, second] = this.paths;
    return nameOf(second === undefined ? path : this.#base) || "files";
  }

  /** Lists the first entries and computes the size if these are all. @throws Problem not_found when a path does not exist */
  async listFirst(): Promise<void> {
    while (this.#listed.length < MAX_LISTED) {
      const { done, value } = await this.#entries.next();
      if (!done) this.#listed.push(value);
      else if (this.format === "zip" || this.format === "tar") {
        const entries = this.#listed.map((entry) => this.#archiveEntry(entry));
        const note = this.#note();
        this.size = encodedSize(this.#encoder(), note ? [...entries, note.entry] : entries);
        return;
      } else return;
    }
  }

  /** The bytes, encoded while they are read. The stream fails when reading a file fails, or when it becomes shorter after it was opened. */
  stream(observer: ArchiveObserver): ReadableStream<Uint8Array<ArrayBuffer>> {
    const pieces = coalesce(encode(this.#encoder(), this.#sources()));
    const close = (): void => this.close();
    let bytes = 0;
    let cancelled = false;
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        async pull(controller) {
          observer.pulled();
          try {
            const { done, value } = await pieces.next();
            if (cancelled) return;
            bytes += value?.length ?? 0;
            if (!done) return controller.enqueue(value);
            controller.close();
            close();
            observer.sent(bytes);
          } catch (error) {
            close();
            // After a cancellation the error has no reader.
            if (!cancelled) observer.failed(error);
            throw error;
          }
        },
        async cancel() {
          cancelled = true;
          observer.cancelled();
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
    // Also for an archive that was never read: the walk has a folder open.
    this.#entries.return().catch(() => {});
    this.onClosed();
  }

  #encoder(): ArchiveFormat {
    return this.format === "zip" ? new Zip() : new Tar();
  }

  async *#walk(): AsyncGenerator<Entry, void, void> {
    for (const path of this.paths) {
      const entry = await this.storage.find(path);
      if (entry === null || !this.#follows(entry))
        throw new Problem("not_found", `There is no file or folder at \`${path}\`.`);
      // A path that the client asked for is not skipped.
      if (entry.kind === "file") await (await this.storage.open(entry.path)).close();
      if (path !== ROOT) yield entry;
      if (entry.kind === "file") continue;
      // A link to a folder may lead to a folder above it, so it is followed only when the client asked for its path.
      const { skipped, may } = this;
      const refuse = (below: Entry): SkipReason | null => (this.#reads(below) ? null : "grant");
      for await (const below of walk(this.storage, entry.path, { skipped, view: may.view, refuse }))
        if (below.kind === "file" || !below.link) yield below;
    }
  }

  /** Whether the client may have what a link has led to. */
  #follows({ target }: Entry): boolean {
    return target === undefined || this.may.reads(target);
  }

  #reads(entry: Entry): boolean {
    return this.may.reads(entry.path) && this.#follows(entry);
  }

  async *#sources(): AsyncGenerator<Source | null, void, void> {
    const open = (entry: Entry): Promise<Source | null> => this.#source(entry);
    yield* prefetch(this.#all(), open, async (source) => await source?.close?.());
    yield this.#note();
  }

  #note(): { entry: ArchiveEntry; content: Uint8Array<ArrayBuffer> } | null {
    if (this.skipped.count === 0) return null;
    const content = skippedNote(this.skipped, (path) => this.#nameOf(path));
    const [name, size, modified] = [this.#noteName, content.length, this.#opened];
    return { entry: { name, kind: "file", size, modified }, content };
  }

  async *#all(): AsyncGenerator<Entry, void, void> {
    try {
      yield* this.#listed.splice(0);
      yield* this.#entries;
    } finally {
      await this.#entries.return();
    }
  }

  /** @returns null when the entry was removed after it was listed, or is skipped */
  async #source(entry: Entry): Promise<Source | null> {
    if (entry.kind === "folder") return { entry: this.#archiveEntry(entry), content: new Uint8Array() };
    const file = await this.#open(entry);
    if (file === null) return null;
    const archived = this.#archiveEntry(file.entry);
    if (archived.size > SMALL)
      return { entry: archived, content: readChunks(file), close: () => file.close() };
    try {
      return { entry: archived, content: await readAll(file) };
    } finally {
      await file.close();
    }
  }

  async #open({ path }: FileEntry): Promise<StoredFile | null> {
    try {
      const file = await this.storage.open(path);
      if (this.#follows(file.entry)) return file;
      // Since it was listed, a link has been put there.
      await file.close();
      this.skipped.add(path, "grant");
      return null;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.code === "no_access") this.skipped.add(path, "access");
      // Removed, or replaced by a folder, since it was listed.
      else if (error.code !== "not_found" && error.code !== "is_folder") throw error;
      return null;
    }
  }

  /** The name that the entry of a path has in the archive. */
  #nameOf(path: string): string {
    return path.slice(this.#base === ROOT ? 0 : this.#base.length + 1);
  }

  #archiveEntry(entry: Entry): ArchiveEntry {
    const name = this.#nameOf(entry.path);
    // On Windows, a name that begins with a drive letter would be extracted outside the target folder.
    const safe = /^[a-z]:/i.test(name) ? `./${name}` : name;
    if (name === NOTE_NAMES[0]) this.#noteName = NOTE_NAMES[1];
    const size = entry.kind === "file" ? entry.size : 0;
    return { name: safe, kind: entry.kind, size, modified: entry.modified };
  }
}

/** Removes paths that are inside another one. */
function outermost(paths: readonly FolderPath[]): FolderPath[] {
  const all = new Set(paths);
  return [...all].filter((path) => !foldersAbove(path).some((folder) => all.has(folder)));
}

/** The deepest folder that contains all paths; relative to it, all names are unique. */
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
