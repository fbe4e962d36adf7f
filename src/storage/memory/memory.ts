// The storage in memory, for tests: fulfils the contract except for power cuts.

import { Problem } from "../../errors.ts";
import type { FilePath, FolderPath } from "../../path.ts";
import type { Load, Space } from "../device.ts";
import type { Entry, FileEntry, FolderEntry, Moved } from "../entry.ts";
import type { NameQuery } from "../listing/name-query.ts";
import { BY_NAME, type Page, type PageQuery, pageOf } from "../listing/paging.ts";
import { Skipped, type SkippedEntries } from "../listing/skipped.ts";
import type { ViewText } from "../listing/view.ts";
import type { LockRecords } from "../lock-records.ts";
import { entryNotFound, nameTaken, storageClosed, uploadNotFound, uploadOpen } from "../problems.ts";
import type { Properties } from "../properties.ts";
import type { RecordLog } from "../record-log.ts";
import type { PartialMetadata, PartialUpload, Published, Storage, StoredUpload } from "../storage.ts";
import type { StoredCopy } from "../stored-copy.ts";
import type { StoredFile } from "../stored-file.ts";
import type { Trash } from "../trash.ts";
import type { UploadId } from "../upload-id.ts";
import {
  type MemoryBytes,
  MemoryContents,
  type MemoryDelay,
  type MemoryHost,
  type MemoryPartial,
  storageFull,
} from "./contents.ts";
import { MemoryCopy } from "./copy.ts";
import { MemoryProperties, memoryLockRecords } from "./properties.ts";
import { searchIn } from "./search.ts";
import { MemoryTrash } from "./trash.ts";
import {
  assertFolders,
  entriesIn,
  entryAt,
  fileAt,
  makeFolder,
  makeFolders,
  move,
  remove,
  setModified,
} from "./tree.ts";
import { MemoryPartialUpload, MemoryUpload } from "./upload.ts";

/** How a storage in memory behaves. */
export interface MemoryOptions {
  /** Bytes of all files and uploads together; one more is `storage_full`. @default Infinity */
  capacity?: number;
  /**
   * A hook before each step. The flow report counts `write` as waiting for the disk, `sync` and `publish` as waiting
   * for the sync; a rejection should be a `Problem`.
   */
  delay?: MemoryDelay;
  /** Contents of an earlier storage, to simulate a restart. */
  contents?: MemoryContents;
}

export class MemoryStorage implements Storage, MemoryHost {
  readonly contents: MemoryContents;
  readonly properties: Properties;
  readonly lockRecords: LockRecords;
  readonly #capacity: number;
  readonly #delay: MemoryDelay;
  readonly #open = new Set<UploadId>();
  #used: number;
  #closed = false;

  constructor(options: MemoryOptions = {}) {
    this.contents = options.contents ?? new MemoryContents();
    this.#capacity = options.capacity ?? Number.POSITIVE_INFINITY;
    this.#delay = options.delay ?? (() => undefined);
    this.#used = this.contents.restart();
    this.properties = new MemoryProperties(this.contents.properties);
    this.lockRecords = memoryLockRecords(this.contents.locks);
  }

  get bootId(): string {
    return this.contents.boot;
  }

  get age(): number {
    return performance.now() - this.contents.born;
  }

  begin(target: FilePath): Promise<StoredUpload>;
  begin(target: FilePath, keep: UploadId): Promise<PartialUpload>;
  async begin(_target: FilePath, keep?: UploadId): Promise<StoredUpload> {
    this.#assertOpen();
    await this.#delay("begin", 0);
    if (keep === undefined) return new MemoryUpload(this, this.#delay);
    const partial = this.#partialFor(keep);
    if (partial.bytes) throw new Problem("storage_failed", "There is an upload with this id.");
    partial.bytes = { chunks: [], length: 0 };
    this.#open.add(keep);
    return new MemoryPartialUpload(this, this.#delay, partial.bytes, keep);
  }

  async resume(id: UploadId): Promise<PartialUpload | null> {
    this.#assertOpen();
    if (this.#open.has(id)) throw uploadOpen();
    await this.#delay("begin", 0);
    const bytes = this.contents.partials.get(id)?.bytes;
    if (!bytes || bytes.body) return null;
    this.#open.add(id);
    return new MemoryPartialUpload(this, this.#delay, bytes, id);
  }

  async writeMetadata(id: UploadId, text: string): Promise<void> {
    this.#assertOpen();
    await this.#delay("note", text.length);
    const partial = this.#partialFor(id);
    partial.note = text;
    partial.changed = new Date();
  }

  async *partialUploads(): AsyncGenerator<PartialMetadata, void, void> {
    this.#assertOpen();
    for (const [id, { bytes, note, changed }] of [...this.contents.partials])
      if (note !== null) yield { id, text: note, length: bytes?.length ?? 0, changed };
  }

  async published(id: UploadId, path: FilePath): Promise<boolean> {
    this.#assertOpen();
    const body = this.contents.partials.get(id)?.bytes?.body;
    return body !== undefined && body === this.contents.files.get(path)?.body;
  }

  async releaseData(id: UploadId): Promise<void> {
    this.#assertOpen();
    const partial = this.contents.partials.get(id);
    if (!partial?.bytes) return;
    this.dropBytes(partial.bytes);
    partial.bytes = null;
  }

  async deletePartial(id: UploadId): Promise<void> {
    await this.releaseData(id);
    this.contents.partials.delete(id);
  }

  async find(path: FilePath | FolderPath): Promise<Entry | null> {
    this.#assertOpen();
    return entryAt(this.contents, path);
  }

  async probe(path: FilePath): Promise<Entry | null> {
    this.#assertOpen();
    assertFolders(this.contents, path);
    return entryAt(this.contents, path);
  }

  async makeDurable(): Promise<void> {}

  async open(path: FilePath): Promise<StoredFile> {
    this.#assertOpen();
    const file = fileAt(this.contents, path);
    return { ...file, stat: () => file.entry, close: async () => {} };
  }

  async page(folder: FolderPath, query: PageQuery): Promise<Page> {
    return pageOf(this.#entriesIn(folder), query);
  }

  async *scan(folder: FolderPath, view?: ViewText): AsyncGenerator<Entry[], SkippedEntries, void> {
    yield pageOf(this.#entriesIn(folder), { ...BY_NAME, limit: Number.POSITIVE_INFINITY, view }).entries;
    return new Skipped();
  }

  async *search(folder: FolderPath, query: NameQuery): AsyncGenerator<Entry[], SkippedEntries, void> {
    yield* searchIn(folder, query, (path) => this.#entriesIn(path));
    return new Skipped();
  }

  async makeFolder(path: FilePath): Promise<FolderEntry> {
    this.#assertOpen();
    return makeFolder(this.contents, path);
  }

  async move(from: FilePath, to: FilePath, { replace }: { replace: boolean }): Promise<Moved> {
    this.#assertOpen();
    const { freed, ...moved } = move(this.contents, from, to, replace);
    this.release(freed);
    return moved;
  }

  async setModified(path: FilePath, modified: Date): Promise<Entry> {
    this.#assertOpen();
    return setModified(this.contents, path, modified);
  }

  async copy(from: FilePath): Promise<StoredCopy> {
    this.#assertOpen();
    const entry = entryAt(this.contents, from);
    if (!entry) throw entryNotFound();
    return new MemoryCopy(this, from, entry, this.#delay);
  }

  async remove(path: FilePath, { recursive = false } = {}): Promise<void> {
    this.#assertOpen();
    this.release(remove(this.contents, path, recursive));
  }

  get trash(): Trash {
    this.#assertOpen();
    return new MemoryTrash(this);
  }

  get receipts(): RecordLog {
    this.#assertOpen();
    const { contents } = this;
    return {
      read: async () => [...contents.receipts],
      append: async (line) => {
        contents.receipts = [...contents.receipts, line];
      },
      replace: async (lines) => {
        contents.receipts = lines;
      },
    };
  }

  async space(): Promise<Space> {
    this.#assertOpen();
    return { free: this.#capacity - this.#used, total: this.#capacity };
  }

  /** Always zero: nothing is queued. */
  get load(): Load {
    return { held: 0, waiting: 0, syncing: 0 };
  }

  async check(): Promise<void> {
    this.#assertOpen();
    if (this.#used >= this.#capacity) throw storageFull();
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  reserve(bytes: number): void {
    if (this.#used + bytes > this.#capacity) throw storageFull();
    this.#used += bytes;
  }

  release(bytes: number): void {
    this.#used -= bytes;
  }

  dropBytes(bytes: MemoryBytes): void {
    if (bytes.body) return;
    this.release(bytes.length);
    bytes.chunks = [];
    bytes.length = 0;
  }

  sourceBytes(id: UploadId): MemoryBytes {
    if (this.#open.has(id)) throw uploadOpen();
    const bytes = this.contents.partials.get(id)?.bytes;
    if (!bytes || bytes.body) throw uploadNotFound();
    return bytes;
  }

  closeWriter(id: UploadId): void {
    this.#open.delete(id);
    const partial = this.contents.partials.get(id);
    if (partial) partial.changed = new Date();
  }

  publish(path: FilePath, body: Blob, replace: boolean, modified = new Date()): Published {
    this.#assertOpen();
    const { files, folders } = this.contents;
    assertFolders(this.contents, path);
    const old = files.get(path);
    if (!replace && (old || folders.has(path))) throw nameTaken();
    if (folders.has(path)) throw new Problem("is_folder", "A folder has this name.");
    makeFolders(this.contents, path, new Date());
    this.contents.changes += 1;
    const etag = `"${body.size.toString(36)}-${this.contents.changes.toString(36)}"`;
    const entry: FileEntry = { kind: "file", path, size: body.size, modified, etag };
    files.set(path, { entry, body });
    if (old) this.release(old.entry.size);
    return { entry, replaced: old !== undefined };
  }

  #partialFor(id: UploadId): MemoryPartial {
    const partial = this.contents.partials.get(id) ?? { bytes: null, note: null, changed: new Date() };
    this.contents.partials.set(id, partial);
    return partial;
  }

  #entriesIn(folder: FolderPath): Entry[] {
    this.#assertOpen();
    return entriesIn(this.contents, folder);
  }

  #assertOpen(): void {
    if (this.#closed) throw storageClosed();
  }
}
