// A copy on the disk: built in the folder of temporary files, and renamed when it is complete.

import type { BigIntStats } from "node:fs";
import { constants } from "node:fs";
import { Problem } from "../../../errors.ts";
import {
  checkFolderPath,
  checkReach,
  type FilePath,
  folderOf,
  type Reach,
  segmentsOf,
} from "../../../path.ts";
import type { Entry, Moved } from "../../entry.ts";
import { entryNotFound, notReadable } from "../../problems.ts";
import type { Content, CopyOptions, StoredCopy } from "../../stored-copy.ts";
import { type DiskContext, durably } from "../at/context.ts";
import { closeDir, type DirHandle, openDir, openFile, openNearest } from "../at/handle.ts";
import { entryAt, locateExisting, locateNew, orNotWritableAt } from "../at/locate.ts";
import { fileEntry, folderEntry } from "../os/entry.ts";
import { diskProblem, ENOENT_ONLY, errnoOf, ignoreErrno } from "../os/errno.ts";
import { CREATE_NEW } from "../os/open-flags.ts";
import { publish } from "../write/publish.ts";
import { inheritanceOf, inheritFolder } from "../write/rights.ts";
import { CopiedEntries, removeCopied } from "./copied-entries.ts";
import { copyInto, copyRights } from "./copy-file.ts";
import { copyTree, count, createDir, emptyContent, measureTree, type Tree } from "./copy-tree.ts";
import { nameFolder } from "./move.ts";

/** From this size on a reflink is tried explicitly; for smaller files copy_file_range() shares blocks by itself. */
const CLONE_FROM = 16 * 1024 * 1024;

export class DiskCopy implements StoredCopy {
  readonly entry: Entry;
  readonly #temporary = crypto.randomUUID();
  /** The open copy. */
  #made: DirHandle | undefined;
  #discarding: Promise<void> | undefined;
  readonly #copied = new CopiedEntries();
  #reach: Reach = { segments: 0, bytes: 0 };
  /** See `StagedFile.mode`. */
  #mode: number | null = null;

  private constructor(
    readonly context: DiskContext,
    readonly from: FilePath,
    readonly to: FilePath,
    readonly source: DirHandle,
    stat: BigIntStats,
  ) {
    this.entry = stat.isDirectory() ? folderEntry(checkFolderPath(from), stat) : fileEntry(from, stat);
  }

  /** @throws Problem; the system's error otherwise, ENOENT when there is nothing */
  static async begin(context: DiskContext, from: FilePath, to: FilePath): Promise<DiskCopy> {
    const { calls } = context;
    const location = await locateExisting(context, from);
    try {
      const isFolder = (await entryAt(calls, location)).isDirectory();
      const source = await (isFolder ? openDir : openFile)(calls, location.at);
      try {
        const stat = calls.stat(source.fd);
        // The entry was replaced between lstat() and open().
        if (!isFolder && !stat.isFile()) throw entryNotFound();
        return new DiskCopy(context, from, to, source, stat);
      } catch (error) {
        await closeDir(calls, source);
        throw error;
      }
    } catch (error) {
      throw errnoOf(error) === "EACCES" ? notReadable(from, error) : error;
    } finally {
      await closeDir(calls, location.folder);
    }
  }

  async measure(signal: AbortSignal): Promise<Content> {
    return await this.#asProblem(async () => {
      const { calls } = this.context;
      if (this.entry.kind === "folder") return await measureTree(calls, this.#tree, signal);
      const content = emptyContent();
      count(content, calls.stat(this.source.fd));
      return content;
    });
  }

  async run(options: CopyOptions): Promise<Content> {
    return await this.#asProblem(async () => {
      const { calls, temporaries } = this.context;
      const { mode } = calls.stat(this.source.fd);
      if (this.entry.kind === "folder") {
        this.#made = await createDir(calls, temporaries, this.#temporary, mode);
        if (!options.move) await this.#inherit(this.#made, Number(mode & 0o777n));
        const copied = options.move ? this.#copied : undefined;
        const content = await copyTree(calls, this.#tree, this.#made, options, copied);
        this.#reach = content.reach;
        return content;
      }
      this.#mode = options.move ? null : Number(mode & 0o777n);
      this.#made = await this.#copyFile(options);
      await calls.syncCopy(this.#made.fd);
      const content = emptyContent();
      count(content, calls.stat(this.#made.fd));
      return content;
    });
  }

  async finish(path: FilePath, { replace }: { replace: boolean }): Promise<Moved> {
    const made = this.#made;
    if (!made) throw new Problem("storage_failed", "Nothing was copied yet.");
    return await this.#asProblem(async () => {
      checkReach(path, this.#reach, this.context.maxPathBytes);
      if (this.entry.kind === "folder") return await durably(() => this.#nameFolder(path, made));
      const [temporary, mode] = [this.#at, this.#mode];
      const staged = { fd: made.fd, temporary, stays: false, mode, unwanted: () => false };
      return await publish(this.context, staged, path, replace);
    });
  }

  async removeSource(): Promise<void> {
    const { calls, dirSync } = this.context;
    await this.#asProblem(async () => {
      const location = await ignoreErrno(ENOENT_ONLY, locateExisting(this.context, this.from));
      if (!location) return;
      const { folder, at } = location;
      try {
        await removeCopied(calls, this.#copied, at, this.from);
        await dirSync.sync(folder);
      } finally {
        await closeDir(calls, folder);
      }
    });
  }

  discard(): Promise<void> {
    // Only once: the numbers of closed descriptors may already have been reused.
    this.#discarding ??= this.#discard();
    return this.#discarding;
  }

  async #discard(): Promise<void> {
    const { calls } = this.context;
    await closeDir(calls, this.source);
    if (this.#made) await closeDir(calls, this.#made);
    // A published copy is no longer here; a leftover is deleted at the next start.
    await calls.removeTree(this.#at).catch(() => {});
  }

  get #tree(): Tree {
    return { dir: this.source, path: this.from };
  }

  get #at(): string {
    return `${this.context.temporaries.path}/${this.#temporary}`;
  }

  async #copyFile(options: CopyOptions): Promise<DirHandle> {
    const { calls } = this.context;
    const stat = calls.stat(this.source.fd);
    if (options.move) this.#copied.add(stat);
    if (stat.size >= CLONE_FROM) {
      const shared = await calls.clone(this.source.path, this.#at).then(
        () => true,
        () => false,
      );
      const flags = constants.O_WRONLY | constants.O_NOFOLLOW;
      if (shared) {
        const fd = await calls.open(this.#at, flags);
        await copyRights(calls, fd, this.source.fd, options.move);
        return { fd, path: this.#at };
      }
    }
    const fd = await calls.open(this.#at, CREATE_NEW, Number(stat.mode & 0o777n));
    try {
      await copyInto(calls, fd, this.source, options);
      return { fd, path: this.#at };
    } catch (error) {
      await calls.close(fd).catch(() => {});
      throw error;
    }
  }

  /** Entries made in the copy then get the group and the list of the folder that the copy goes into. */
  async #inherit(made: DirHandle, mode: number): Promise<void> {
    const { calls, root } = this.context;
    const folder = await openNearest(calls, root, segmentsOf(folderOf(this.to)));
    try {
      await inheritFolder(calls, inheritanceOf(calls, folder.fd), made.fd, mode);
    } finally {
      await closeDir(calls, folder);
    }
  }

  async #nameFolder(path: FilePath, made: DirHandle): Promise<Moved> {
    const { calls, dirSync } = this.context;
    const target = await locateNew(this.context, path);
    try {
      await dirSync.addFolder(target.folder, () =>
        orNotWritableAt(calls, [target], nameFolder(calls, this.#at, target.at)),
      );
      return { entry: folderEntry(checkFolderPath(path), calls.stat(made.fd)), replaced: false };
    } finally {
      await closeDir(calls, target.folder);
    }
  }

  async #asProblem<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      // The abort reason belongs to the caller and is passed on.
      if (error instanceof Error && errnoOf(error) === undefined) throw error;
      throw diskProblem(error);
    }
  }
}
