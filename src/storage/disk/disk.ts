// The disk storage: a folder on a file system, kept within its walls by descriptors and real paths.

import { constants } from "node:fs";
import { mkdir, realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { Problem } from "../../errors.ts";
import type { FilePath, FolderPath } from "../../path.ts";
import type { Space } from "../device.ts";
import type { Page, PageQuery } from "../paging.ts";
import type {
  Entry,
  FolderEntry,
  KeptUpload,
  Moved,
  Note,
  Storage,
  StoredFile,
  StoredUpload,
} from "../storage.ts";
import type { StoredCopy } from "../stored-copy.ts";
import type { Trash } from "../trash.ts";
import type { UploadId } from "../upload-id.ts";
import { FolderSync } from "./at/dir-sync.ts";
import { type Anchor, openAnchor, release } from "./at/handle.ts";
import { Reader } from "./at/lookup.ts";
import { type Folders, Lister } from "./list/lister.ts";
import { ListerThread } from "./list/lister-thread.ts";
import { type Calls, calls as systemCalls } from "./os/calls.ts";
import { diskProblem, errnoOf } from "./os/errno.ts";
import { DiskKeptUpload } from "./partial/partial-upload.ts";
import { readNotes, writeNote } from "./partial/sidecar.ts";
import { Kept } from "./partial/store.ts";
import { bootOf } from "./root/boot-id.ts";
import { noWorkplace, openWorkplace, type Workplace } from "./root/work-dir.ts";
import { DiskCopy } from "./tree/copy.ts";
import { makeFolderAt, move } from "./tree/move.ts";
import { remove } from "./tree/remove.ts";
import { DiskTrash } from "./tree/trash.ts";
import { proveLength, type Workshop } from "./write/publish.ts";
import { DiskUpload, throwAway } from "./write/temp-upload.ts";
import { Pressure } from "./write/write-scheduler.ts";

/** Bytes of the longest path that the system takes: PATH_MAX without the byte that ends it. */
const LONGEST = (process.platform === "darwin" ? 1024 : 4096) - 1;

/** How a root is opened. */
export interface DiskOptions {
  /** With `false` nothing is made, locked or removed in the root, once it is there: for servers that only read. @default true */
  write?: boolean;
  /** Names the run of the machine. @default what the system says, see `bootOf` */
  boot?: string;
  /** The system's calls, replaced in tests that make one fail. */
  calls?: Calls;
}

/**
 * Opens a folder as a storage; makes it if missing, locks it, and removes what an earlier run left unfinished and did not keep.
 * A root that cannot be written opens all the same: it can be read, and `check` and `begin` say what is wrong.
 * @throws RootInUse when another server has it; the system's error when there is no such folder
 */
export async function openDisk(root: string, options: DiskOptions = {}): Promise<DiskStorage> {
  const { write = true, calls = systemCalls } = options;
  const path = resolve(root);
  await mkdir(path, { recursive: true });
  const real = await realpath(path);
  const anchor = await openAnchor(calls, real);
  try {
    const reader = new Reader(calls, real, calls.stat(anchor.fd));
    const workplace = write ? await openWorkplace(calls, anchor, real) : noWorkplace();
    return new DiskStorage(calls, reader, anchor, workplace, options.boot ?? (await bootOf()));
  } catch (error) {
    await release(calls, anchor);
    throw error;
  }
}

export class DiskStorage implements Storage {
  readonly #calls: Calls;
  readonly #root: Anchor;
  readonly #workplace: Workplace;
  readonly #kept: Kept | Problem;
  readonly load = new Pressure();
  readonly #reader: Reader;
  readonly #folders: Folders;
  #space: Promise<Space> | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    calls: Calls,
    reader: Reader,
    root: Anchor,
    workplace: Workplace,
    readonly boot: string,
  ) {
    this.#calls = calls;
    this.#root = root;
    this.#workplace = workplace;
    this.#reader = reader;
    // Calls that a test replaced are made by this thread.
    this.#folders = calls === systemCalls ? new ListerThread(reader) : new Lister(reader);
    if (workplace instanceof Problem) {
      this.#kept = workplace;
      return;
    }
    const { temporaries, kept } = workplace;
    const folders = new FolderSync(calls);
    const longest = LONGEST - Buffer.byteLength(reader.root) - 1;
    this.#kept = new Kept({ calls, root, temporaries, pressure: this.load, folders, longest }, kept);
  }

  begin(target: FilePath): Promise<StoredUpload>;
  begin(target: FilePath, keep: UploadId): Promise<KeptUpload>;
  async begin(target: FilePath, keep?: UploadId): Promise<StoredUpload> {
    proveLength(target, this.#writable.longest);
    return await (keep ? DiskKeptUpload.begin(this.#writableKept, keep) : DiskUpload.begin(this.#writable));
  }

  async resume(id: UploadId): Promise<KeptUpload | null> {
    return await DiskKeptUpload.resume(this.#writableKept, id);
  }

  async note(id: UploadId, text: string): Promise<void> {
    await translated(writeNote(this.#writableKept, id, text));
  }

  async *notes(): AsyncGenerator<Note, void, void> {
    if (this.#kept instanceof Problem) return;
    try {
      yield* readNotes(this.#writableKept);
    } catch (error) {
      throw diskProblem(error);
    }
  }

  async published(id: UploadId, path: FilePath): Promise<boolean> {
    return await translated(this.#writableKept.published(id, path));
  }

  async settle(id: UploadId): Promise<void> {
    await translated(this.#writableKept.settle(id));
  }

  async forget(id: UploadId): Promise<void> {
    await translated(this.#writableKept.forget(id));
  }

  find(path: FilePath | FolderPath): Promise<Entry | null> {
    return this.#reader.find(path);
  }

  async probe(path: FilePath): Promise<Entry | null> {
    return await this.#reader.probe(path);
  }

  open(path: FilePath): Promise<StoredFile> {
    return this.#reader.open(path);
  }

  page(folder: FolderPath, query: PageQuery): Promise<Page> {
    return this.#folders.page(folder, query);
  }

  scan(folder: FolderPath): AsyncGenerator<Entry[], void, void> {
    return this.#folders.scan(folder);
  }

  async makeFolder(path: FilePath): Promise<FolderEntry> {
    return await translated(makeFolderAt(this.#writable, path));
  }

  async move(from: FilePath, to: FilePath, options: { replace: boolean }): Promise<Moved> {
    return await this.#orAbsent(move(this.#writable, from, to, options.replace));
  }

  async copy(from: FilePath): Promise<StoredCopy> {
    return await this.#orAbsent(DiskCopy.begin(this.#writable, from));
  }

  async remove(path: FilePath, { recursive = false } = {}): Promise<void> {
    await this.#orAbsent(remove(this.#writable, path, recursive));
  }

  get trash(): Trash {
    return new DiskTrash(this.#writable);
  }

  space(): Promise<Space> {
    // Shared by all who ask while it is on its way, and never kept: a fast disk fills by gigabytes in a second.
    this.#space ??= this.#measure().finally(() => {
      this.#space = undefined;
    });
    return this.#space;
  }

  async check(): Promise<void> {
    const { calls, temporaries } = this.#writable;
    await this.#reader.proveRoot();
    const name = `${temporaries.path}/check-${crypto.randomUUID()}`;
    try {
      const fd = await calls.open(name, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
      try {
        // One byte: a full disk still makes empty files.
        await calls.write(Bun.file(fd), new Uint8Array(1));
      } finally {
        await throwAway(calls, fd, name);
      }
    } catch (error) {
      throw diskProblem(error);
    }
  }

  close(): Promise<void> {
    // Only once: the numbers of closed descriptors may already be somebody else's.
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (!(this.#kept instanceof Problem)) await this.#kept.rests.close();
    await this.#folders.close();
    if (!(this.#workplace instanceof Problem)) {
      const { lock, reserved, temporaries, kept } = this.#workplace;
      for (const anchor of [kept, temporaries, reserved]) await release(this.#calls, anchor);
      lock.release();
    }
    await release(this.#calls, this.#root);
  }

  /** What is not there is `not_found`, unless the root itself is not. */
  async #orAbsent<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      const problem = diskProblem(error);
      if (problem.code === "not_found" || errnoOf(error) === "ENOENT") {
        await this.#reader.proveRoot();
        throw new Problem("not_found", "There is no such file or folder.", { cause: error });
      }
      throw problem;
    }
  }

  get #writable(): Workshop {
    return this.#writableKept.shop;
  }

  get #writableKept(): Kept {
    if (this.#closing) throw new Problem("storage_gone", "The storage is closed.");
    if (this.#kept instanceof Problem) throw this.#kept;
    return this.#kept;
  }

  async #measure(): Promise<Space> {
    try {
      const { bavail, blocks, bsize } = await this.#calls.statfs(this.#root.path);
      return { free: bavail * bsize, total: blocks * bsize };
    } catch (error) {
      throw diskProblem(error);
    }
  }
}

async function translated<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw diskProblem(error);
  }
}
