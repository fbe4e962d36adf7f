// The storage in memory, for tests: keeps every promise of the contract but the one about power cuts.

import { Problem } from "../errors.ts";
import { checkFolderPath, type FilePath, type FolderPath, folderOf, ROOT, segmentsOf } from "../path.ts";
import type {
  Entry,
  FileEntry,
  Finished,
  Space,
  Storage,
  StorageWork,
  StoredFile,
  StoredUpload,
} from "./storage.ts";

/** What a storage in memory can be made to wait for. */
export type MemoryStep = "begin" | "write" | "sync" | "publish";

/** How a storage in memory behaves. */
export interface MemoryOptions {
  /** Bytes of all files and uploads together; one more is `storage_full`. @default Infinity */
  capacity?: number;
  /**
   * Called before each step with the bytes it is about; the step waits for what it returns and fails with what that
   * rejects with (a `Problem`). `write` counts as waiting for the disk, `sync` and `publish` as waiting for the sync.
   */
  delay?: (step: MemoryStep, bytes: number) => Promise<void> | undefined;
  /** What an earlier storage held: opens it again, as a server does that starts anew. */
  contents?: MemoryContents;
}

interface MemoryFile {
  entry: FileEntry;
  body: Blob;
}

/** What outlives a storage: the files, the folders and the number of the last change. */
export class MemoryContents {
  readonly files = new Map<string, MemoryFile>();
  readonly folders = new Map<string, Date>([[ROOT, new Date()]]);
  changes = 0;
}

export class MemoryStorage implements Storage {
  readonly contents: MemoryContents;
  readonly #capacity: number;
  readonly #delay: NonNullable<MemoryOptions["delay"]>;
  #used = 0;
  #closed = false;

  constructor(options: MemoryOptions = {}) {
    this.contents = options.contents ?? new MemoryContents();
    this.#capacity = options.capacity ?? Number.POSITIVE_INFINITY;
    this.#delay = options.delay ?? (() => undefined);
    for (const { entry } of this.contents.files.values()) this.#used += entry.size;
  }

  async begin(_target: FilePath): Promise<StoredUpload> {
    this.#prove();
    await this.#delay("begin", 0);
    return new MemoryUpload(this, this.#delay);
  }

  async find(path: FilePath | FolderPath): Promise<Entry | null> {
    this.#prove();
    return this.#at(path);
  }

  async probe(path: FilePath): Promise<Entry | null> {
    this.#prove();
    this.#proveFolders(path);
    return this.#at(path);
  }

  async open(path: FilePath): Promise<StoredFile> {
    this.#prove();
    return { ...this.#file(path), close: async () => {} };
  }

  async list(folder: FolderPath): Promise<Entry[]> {
    this.#prove();
    const { files, folders } = this.contents;
    if (files.has(folder)) throw new Problem("not_a_folder", "This is a file.");
    if (!folders.has(folder)) throw new Problem("not_found", "There is no such folder.");
    const prefix = folder === ROOT ? "" : `${folder}/`;
    return [...folders.keys(), ...files.keys()].flatMap((path) => {
      const name = path.slice(prefix.length);
      const isChild = path.startsWith(prefix) && name !== "" && !name.includes("/");
      return (isChild && this.#at(path)) || [];
    });
  }

  async remove(path: FilePath): Promise<void> {
    this.#prove();
    this.room(-this.#file(path).entry.size);
    this.contents.files.delete(path);
  }

  async space(): Promise<Space> {
    this.#prove();
    return { free: this.#capacity - this.#used, total: this.#capacity };
  }

  async check(): Promise<void> {
    this.#prove();
    if (this.#used >= this.#capacity) throw full();
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  /** Takes bytes of the capacity, or gives them back. @throws Problem storage_full, and takes nothing then */
  room(bytes: number): void {
    if (bytes > 0 && this.#used + bytes > this.#capacity) throw full();
    this.#used += bytes;
  }

  /** Gives a whole file its name, in one step that nothing can come between. */
  publish(path: FilePath, body: Blob, replace: boolean): Finished {
    this.#prove();
    const { files, folders } = this.contents;
    this.#proveFolders(path);
    const old = files.get(path);
    if (!replace && (old || folders.has(path)))
      throw new Problem("name_taken", "An entry with this name exists.");
    if (folders.has(path)) throw new Problem("is_folder", "A folder has this name.");
    const modified = new Date();
    for (const folder of foldersOf(path)) if (!folders.has(folder)) folders.set(folder, modified);
    this.contents.changes += 1;
    const etag = `"${body.size.toString(36)}-${this.contents.changes.toString(36)}"`;
    const entry: FileEntry = { kind: "file", path, size: body.size, modified, etag };
    files.set(path, { entry, body });
    if (old) this.room(-old.entry.size);
    return { entry, replaced: old !== undefined };
  }

  #at(path: string): Entry | null {
    const modified = this.contents.folders.get(path);
    if (modified) return { kind: "folder", path: checkFolderPath(path), modified };
    return this.contents.files.get(path)?.entry ?? null;
  }

  #file(path: FilePath): MemoryFile {
    if (this.contents.folders.has(path)) throw new Problem("is_folder", "This is a folder.");
    const file = this.contents.files.get(path);
    if (!file) throw new Problem("not_found", "There is no such file.");
    return file;
  }

  #proveFolders(path: FilePath): void {
    for (const folder of foldersOf(path))
      if (this.contents.files.has(folder))
        throw new Problem("not_a_folder", "A folder of the path is a file.");
  }

  #prove(): void {
    if (this.#closed) throw new Problem("storage_gone", "The storage is closed.");
  }
}

class MemoryUpload implements StoredUpload {
  readonly work = { diskWaited: 0, diskBusy: 0, syncWaited: 0, syncBusy: 0 } satisfies StorageWork;
  readonly #ended = Promise.withResolvers<never>();
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  #size = 0;
  #saved = 0;
  #synced = false;
  #state: "open" | "discarded" | "published" = "open";

  constructor(
    readonly storage: MemoryStorage,
    readonly delay: NonNullable<MemoryOptions["delay"]>,
  ) {
    // Whoever waits when the upload is discarded hears of it; when nobody waits there is nobody to tell.
    this.#ended.promise.catch(() => {});
  }

  get saved(): number {
    return this.#saved;
  }

  append(chunk: Uint8Array<ArrayBuffer>): Promise<void> | undefined {
    this.#prove();
    this.storage.room(chunk.byteLength);
    this.#chunks.push(chunk.slice());
    this.#size += chunk.byteLength;
    const wait = this.#wait("write", chunk.byteLength);
    if (!wait) this.#saved = this.#size;
    return wait?.then(() => {
      this.#saved = this.#size;
    });
  }

  async finish(path: FilePath, options: { replace: boolean }): Promise<Finished> {
    this.#prove();
    if (!this.#synced) await this.#wait("sync", this.#size);
    this.#synced = true;
    await this.#wait("publish", this.#size);
    this.#prove();
    const finished = this.storage.publish(path, new Blob(this.#chunks), options.replace);
    this.#state = "published";
    this.#chunks = [];
    return finished;
  }

  async discard(): Promise<void> {
    if (this.#state !== "open") return;
    this.#state = "discarded";
    this.#chunks = [];
    this.storage.room(-this.#size);
    this.#ended.reject(ended());
  }

  /** Waits for the hook, and at most until the upload is discarded. */
  #wait(step: MemoryStep, bytes: number): Promise<void> | undefined {
    const start = performance.now();
    const delay = this.delay(step, bytes);
    return (
      delay &&
      Promise.race([delay, this.#ended.promise]).finally(() => {
        const seconds = (performance.now() - start) / 1000;
        const [waited, busy] =
          step === "write" ? (["diskWaited", "diskBusy"] as const) : (["syncWaited", "syncBusy"] as const);
        this.work[waited] += seconds;
        this.work[busy] += seconds;
      })
    );
  }

  #prove(): void {
    if (this.#state !== "open") throw ended();
  }
}

const full = (): Problem => new Problem("storage_full", "The storage in memory is full.");
const ended = (): Problem => new Problem("storage_failed", "The upload was ended.");

/** Every folder above a path, the root first. */
function foldersOf(path: FilePath): FolderPath[] {
  const parent = folderOf(path);
  const segments = segmentsOf(parent);
  return [ROOT, ...segments.map((_, index) => checkFolderPath(segments.slice(0, index + 1).join("/")))];
}
