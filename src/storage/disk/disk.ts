// The disk storage: a folder on a file system. Open descriptors and real paths keep every access below the root.

import { mkdir, realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { Problem } from "../../errors.ts";
import type { FilePath, FolderPath } from "../../path.ts";
import { SingleFlight } from "../../system/single-flight.ts";
import type { Space } from "../device.ts";
import type { Entry, FolderEntry, Moved } from "../entry.ts";
import type { NameQuery } from "../listing/name-query.ts";
import type { Page, PageQuery } from "../listing/paging.ts";
import type { SkippedEntries } from "../listing/skipped.ts";
import type { ViewText } from "../listing/view.ts";
import { entryNotFound, storageClosed } from "../problems.ts";
import type { RecordLog } from "../record-log.ts";
import type { PartialMetadata, PartialUpload, Storage, StoredUpload } from "../storage.ts";
import type { StoredCopy } from "../stored-copy.ts";
import type { StoredFile } from "../stored-file.ts";
import type { Trash } from "../trash.ts";
import type { UploadId } from "../upload-id.ts";
import { assertNameLength } from "./at/context.ts";
import { closeDir, type DirHandle, openDir } from "./at/handle.ts";
import { PathLookup } from "./at/lookup.ts";
import { nothingKept } from "./dav/properties.ts";
import { type Folders, Lister } from "./list/lister.ts";
import { ListerThread } from "./list/lister-thread.ts";
import { type Calls, calls as systemCalls } from "./os/calls.ts";
import { asProblem, diskProblem, errnoOf } from "./os/errno.ts";
import { DiskPartialUpload } from "./partial/partial-upload.ts";
import { readSidecars, writeSidecar } from "./partial/sidecar.ts";
import type { PartialStore } from "./partial/store.ts";
import { readBootId } from "./root/boot-id.ts";
import type { LeftoverRemoval } from "./root/leftovers.ts";
import { RootInUse } from "./root/root-lock.ts";
import { checkWritable, closeWriting, openWriting, readOnlyWriting, type Writing } from "./root/writing.ts";
import { DiskCopy } from "./tree/copy.ts";
import { makeFolderAt, move } from "./tree/move.ts";
import { remove } from "./tree/remove.ts";
import { setModified } from "./tree/set-modified.ts";
import { makeFileDurable } from "./write/durable.ts";
import { TempUpload } from "./write/temp-upload.ts";
import { type WriteContext, WriteScheduler } from "./write/write-scheduler.ts";

/** How a root is opened. */
export interface DiskOptions {
  /** `false` creates, locks and removes nothing inside the root, for read-only servers. @default true */
  write?: boolean;
  /** The boot id. @default the id of the system, see `readBootId` */
  boot?: string;
  /** The system calls, replaced in tests to make one fail. */
  calls?: Calls;
  /** Receives what the operator should know and no client is told. @default standard error */
  warn?: (message: string) => void;
}

/**
 * Opens a folder as a storage: creates it if missing, locks it, and starts to delete temporary files of an earlier run.
 * A root that is not writable still opens for reading; `begin` then throws the reason, and `check` tries again.
 * @throws RootInUse when another server holds the lock; the system's error when the folder cannot be opened
 */
export async function openDisk(root: string, options: DiskOptions = {}): Promise<DiskStorage> {
  const { write = true, calls = systemCalls, warn = console.warn } = options;
  const path = resolve(root);
  await mkdir(path, { recursive: true });
  const real = await realpath(path);
  const dir = await openDir(calls, real);
  try {
    const lookup = new PathLookup(calls, real, calls.stat(dir.fd));
    const load = new WriteScheduler();
    const boot = options.boot ?? (await readBootId());
    const open = () => openWriting({ calls, lookup, root: dir, boot, scheduler: load, warn });
    const opened = write ? { writing: await open(), open } : { writing: readOnlyWriting() };
    return new DiskStorage(lookup, dir, load, opened, boot);
  } catch (error) {
    await closeDir(calls, dir);
    throw error;
  }
}

export class DiskStorage implements Storage {
  readonly #calls: Calls;
  readonly #lister: Folders;
  /** While the root is read-only. */
  readonly #none = nothingKept(() => (this.#writing instanceof Problem ? this.#writing : storageClosed()));
  readonly #space = new SingleFlight<Space>({ joinRunning: true });
  #writing: Writing | Problem;
  /** Opens a root for writing that was not writable at the start. */
  readonly #open: (() => Promise<Writing | Problem>) | undefined;
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    readonly lookup: PathLookup,
    readonly root: DirHandle,
    readonly load: WriteScheduler,
    { writing, open }: { writing: Writing | Problem; open?: () => Promise<Writing | Problem> },
    readonly bootId: string,
  ) {
    this.#calls = lookup.calls;
    this.#writing = writing;
    this.#open = open;
    // Calls replaced by a test cannot be sent to the worker, so they run on this thread.
    this.#lister = lookup.calls === systemCalls ? new ListerThread(lookup) : new Lister(lookup);
  }

  /** Runs beside all other work; `undefined` when the root is read-only. */
  get leftoverRemoval(): LeftoverRemoval | undefined {
    return this.#writing instanceof Problem ? undefined : this.#writing.leftoverRemoval;
  }

  get age(): number {
    return this.#writing instanceof Problem ? 0 : this.#writing.ageClock.age;
  }

  begin(target: FilePath): Promise<StoredUpload>;
  begin(target: FilePath, keep: UploadId): Promise<PartialUpload>;
  async begin(target: FilePath, keep?: UploadId): Promise<StoredUpload> {
    this.#writable.assertRoot();
    assertNameLength(target, this.#writable.maxPathBytes);
    return await (keep
      ? DiskPartialUpload.begin(this.#writableStore, keep)
      : TempUpload.begin(this.#writable));
  }

  async resume(id: UploadId): Promise<PartialUpload | null> {
    this.#writable.assertRoot();
    return await DiskPartialUpload.resume(this.#writableStore, id);
  }

  async writeMetadata(id: UploadId, text: string): Promise<void> {
    await asProblem(writeSidecar(this.#writableStore, id, text));
  }

  async *partialUploads(): AsyncGenerator<PartialMetadata, void, void> {
    if (this.#writing instanceof Problem && !this.#open) return;
    try {
      yield* readSidecars(this.#writableStore);
    } catch (error) {
      throw diskProblem(error);
    }
  }

  async published(id: UploadId, path: FilePath): Promise<boolean> {
    return await asProblem(this.#writableStore.published(id, path));
  }

  async releaseData(id: UploadId): Promise<void> {
    await asProblem(this.#writableStore.releaseData(id));
  }

  async deletePartial(id: UploadId): Promise<void> {
    await asProblem(this.#writableStore.deletePartial(id));
  }

  find(path: FilePath | FolderPath): Promise<Entry | null> {
    return this.lookup.find(path);
  }

  async probe(path: FilePath): Promise<Entry | null> {
    return await this.lookup.probe(path);
  }

  open(path: FilePath): Promise<StoredFile> {
    return this.lookup.open(path);
  }

  async makeDurable(path: FilePath): Promise<void> {
    await this.#orNotFound(makeFileDurable(this.#writable, path));
  }

  page(folder: FolderPath, query: PageQuery): Promise<Page> {
    return this.#lister.page(folder, query);
  }

  scan(folder: FolderPath, view?: ViewText): AsyncGenerator<Entry[], SkippedEntries, void> {
    return this.#lister.scan(folder, view);
  }

  search(folder: FolderPath, query: NameQuery): AsyncGenerator<Entry[], SkippedEntries, void> {
    return this.#lister.search(folder, query);
  }

  async makeFolder(path: FilePath): Promise<FolderEntry> {
    return await asProblem(makeFolderAt(this.#writable, path));
  }

  async move(from: FilePath, to: FilePath, options: { replace: boolean }): Promise<Moved> {
    return await this.#orNotFound(move(this.#writable, from, to, options.replace));
  }

  async setModified(path: FilePath, modified: Date): Promise<Entry> {
    return await this.#orNotFound(setModified(this.#writable, path, modified));
  }

  async copy(from: FilePath, to: FilePath): Promise<StoredCopy> {
    return await this.#orNotFound(DiskCopy.begin(this.#writable, from, to));
  }

  async remove(path: FilePath, { recursive = false } = {}): Promise<void> {
    await this.#orNotFound(remove(this.#writable, path, recursive));
  }

  get trash(): Trash {
    return this.#opened.trash;
  }

  get properties(): Storage["properties"] {
    return this.#writing instanceof Problem ? this.#none.properties : this.#writing.properties;
  }

  get lockRecords(): Storage["lockRecords"] {
    return this.#writing instanceof Problem ? this.#none.lockRecords : this.#writing.lockRecords;
  }

  get receipts(): RecordLog {
    return this.#opened.receipts;
  }

  space(): Promise<Space> {
    // Concurrent callers share one statfs(), but its result is never cached: a fast disk fills by gigabytes in a second.
    return this.#space.run("space", () => this.#measure());
  }

  async check(): Promise<void> {
    if (this.#writing instanceof Problem && this.#open) await this.#retry(this.#open);
    await checkWritable(this.#writable);
  }

  close(): Promise<void> {
    // Only once: the numbers of closed descriptors may already have been reused.
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#opening?.catch(() => {});
    await this.#lister.close();
    if (!(this.#writing instanceof Problem)) await closeWriting(this.#writing);
    await closeDir(this.#calls, this.root);
  }

  /** Opens the root for writing, once at a time. @throws Problem */
  async #retry(open: () => Promise<Writing | Problem>): Promise<void> {
    if (this.#closing) throw storageClosed();
    this.#opening ??= open()
      .then((writing) => {
        this.#writing = writing;
      })
      .finally(() => {
        this.#opening = undefined;
      });
    await this.#opening.catch((error: unknown) => {
      throw error instanceof RootInUse
        ? new Problem(
            "storage_read_only",
            "Another server writes to this root. Stop it, or give each server a root of its own.",
            { cause: error },
          )
        : diskProblem(error);
    });
  }

  /** Turns ENOENT into `not_found`, or into `storage_gone` if the root itself disappeared. */
  async #orNotFound<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      const problem = diskProblem(error);
      if (problem.code === "not_found" || errnoOf(error) === "ENOENT") {
        this.lookup.assertRoot();
        throw entryNotFound(error);
      }
      throw problem;
    }
  }

  get #writable(): WriteContext {
    return this.#opened.context;
  }

  get #writableStore(): PartialStore {
    return this.#opened.partialStore;
  }

  get #opened(): Writing {
    if (this.#closing) throw storageClosed();
    if (this.#writing instanceof Problem) throw this.#writing;
    return this.#writing;
  }

  async #measure(): Promise<Space> {
    try {
      const { bavail, blocks, bsize } = await this.#calls.statfs(this.root.path);
      return { free: bavail * bsize, total: blocks * bsize };
    } catch (error) {
      throw diskProblem(error);
    }
  }
}
