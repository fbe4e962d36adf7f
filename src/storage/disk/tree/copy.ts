// A copy on the disk: made beside the uploads, where nobody looks, and given its name when all of it is there.

import type { BigIntStats } from "node:fs";
import { constants } from "node:fs";
import { Problem } from "../../../errors.ts";
import { checkFolderPath, type FilePath } from "../../../path.ts";
import type { Entry, Moved } from "../../storage.ts";
import type { Content, CopyOptions, StoredCopy } from "../../stored-copy.ts";
import { type Anchor, openAnchor, openFile, release } from "../at/handle.ts";
import { placeOfNew, placeOfOld, standingAt } from "../at/locate.ts";
import { fileEntry, folderEntry } from "../os/entry.ts";
import { diskProblem, errnoOf } from "../os/errno.ts";
import { persistently, publish, type Workshop } from "../write/publish.ts";
import { copyInto, OPEN_NEW } from "./copy-file.ts";
import { copyTree, count, makeAnchor, measureTree, nothing, notReadable } from "./copy-tree.ts";
import { nameFolder } from "./move.ts";

/** From this size on the blocks are shared where the file system can: smaller ones the system shares by itself. */
const LARGE = 16 * 1024 * 1024;

export class DiskCopy implements StoredCopy {
  readonly entry: Entry;
  readonly #temporary = crypto.randomUUID();
  /** The copy, open. */
  #made: Anchor | undefined;
  #discarding: Promise<void> | undefined;

  private constructor(
    readonly shop: Workshop,
    readonly from: FilePath,
    readonly source: Anchor,
    stat: BigIntStats,
  ) {
    this.entry = stat.isDirectory() ? folderEntry(checkFolderPath(from), stat) : fileEntry(from, stat);
  }

  /** @throws Problem; the system's error otherwise, ENOENT when there is nothing */
  static async begin(shop: Workshop, from: FilePath): Promise<DiskCopy> {
    const { calls } = shop;
    const place = await placeOfOld(shop, from);
    try {
      const isFolder = (await standingAt(calls, place)).isDirectory();
      const source = await (isFolder ? openAnchor : openFile)(calls, place.at);
      try {
        const stat = calls.stat(source.fd);
        // Something else came in its place since it was looked at.
        if (!isFolder && !stat.isFile()) throw new Problem("not_found", "There is no such file or folder.");
        return new DiskCopy(shop, from, source, stat);
      } catch (error) {
        await release(calls, source);
        throw error;
      }
    } catch (error) {
      throw errnoOf(error) === "EACCES" ? notReadable(error) : error;
    } finally {
      await release(calls, place.folder);
    }
  }

  async measure(signal: AbortSignal): Promise<Content> {
    return await this.#translated(async () => {
      const { calls } = this.shop;
      if (this.entry.kind === "folder") return await measureTree(calls, this.source, signal);
      const content = nothing();
      count(content, calls.stat(this.source.fd));
      return content;
    });
  }

  async run(options: CopyOptions): Promise<Content> {
    return await this.#translated(async () => {
      const { calls, temporaries } = this.shop;
      if (this.entry.kind === "folder") {
        this.#made = await makeAnchor(calls, temporaries, this.#temporary);
        return await copyTree(calls, this.source, this.#made, options);
      }
      this.#made = await this.#copyFile(options);
      await calls.sync(this.#made.fd);
      const content = nothing();
      count(content, calls.stat(this.#made.fd));
      return content;
    });
  }

  async finish(path: FilePath, { replace }: { replace: boolean }): Promise<Moved> {
    const made = this.#made;
    if (!made) throw new Problem("storage_failed", "Nothing was copied yet.");
    return await this.#translated(async () => {
      if (this.entry.kind === "folder") return await persistently(() => this.#nameFolder(path, made));
      const unnamed = { fd: made.fd, temporary: this.#at, stays: false, unwanted: () => false };
      return await publish(this.shop, unnamed, path, replace);
    });
  }

  discard(): Promise<void> {
    // Only once: the numbers of closed descriptors may already be somebody else's.
    this.#discarding ??= this.#discard();
    return this.#discarding;
  }

  async #discard(): Promise<void> {
    const { calls } = this.shop;
    await release(calls, this.source);
    if (this.#made) await release(calls, this.#made);
    // What has its name is not here any more; what stays is removed at the next start.
    await calls.removeTree(this.#at).catch(() => {});
  }

  get #at(): string {
    return `${this.shop.temporaries.path}/${this.#temporary}`;
  }

  async #copyFile(options: CopyOptions): Promise<Anchor> {
    const { calls } = this.shop;
    const stat = calls.stat(this.source.fd);
    if (stat.size >= LARGE) {
      const shared = await calls.clone(this.source.path, this.#at).then(
        () => true,
        () => false,
      );
      const flags = constants.O_WRONLY | constants.O_NOFOLLOW;
      if (shared) return { fd: await calls.open(this.#at, flags), path: this.#at };
    }
    const fd = await calls.open(this.#at, OPEN_NEW, Number(stat.mode & 0o777n));
    try {
      await copyInto(calls, fd, this.source, options);
      return { fd, path: this.#at };
    } catch (error) {
      await calls.close(fd).catch(() => {});
      throw error;
    }
  }

  async #nameFolder(path: FilePath, made: Anchor): Promise<Moved> {
    const { calls, folders } = this.shop;
    const target = await placeOfNew(this.shop, path);
    try {
      await nameFolder(calls, this.#at, target.at);
      await folders.sync(target.folder);
      return { entry: folderEntry(checkFolderPath(path), calls.stat(made.fd)), replaced: false };
    } finally {
      await release(calls, target.folder);
    }
  }

  async #translated<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      // The reason of a signal is the caller's own.
      if (error instanceof Error && errnoOf(error) === undefined) throw error;
      throw diskProblem(error);
    }
  }
}
