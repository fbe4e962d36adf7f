// Measures or copies a folder tree through open handles, so that no link leads out of it.

import type { BigIntStats } from "node:fs";
import { Problem } from "../../../errors.ts";
import { MAX_SEGMENTS } from "../../../path.ts";
import { notReadable } from "../../problems.ts";
import type { Content, CopyOptions } from "../../stored-copy.ts";
import { namesIn, pathIn, spelled } from "../at/byte-name.ts";
import { closeDir, type DirHandle, openDir, openFile } from "../at/handle.ts";
import type { Calls, Path } from "../os/calls.ts";
import { errnoOf, ignoreErrno } from "../os/errno.ts";
import { CREATE_NEW } from "../os/open-flags.ts";
import { copyAttributes, resemble } from "../write/rights.ts";
import type { CopiedEntries } from "./copied-entries.ts";
import { copyInto } from "./copy-file.ts";

/** Without them a server that is not root could neither fill a folder nor rename it. */
const OWNER_BITS = 0o700n;
/** Number of files that are synced concurrently. */
const SYNC_BATCH = 16;
// Removed or replaced since the folder was read.
const CHANGED_IN_BETWEEN = new Set(["ENOENT", "ELOOP", "ENOTDIR", "ENXIO"]);

export const emptyContent = (): Content => ({
  reach: { segments: 0, bytes: 0 },
  bytes: 0,
  entries: 0,
  omitted: 0,
  changed: 0,
});

/** Counts one file or folder. */
export function count(content: Content, stat: BigIntStats): void {
  content.entries += 1;
  if (stat.isFile()) content.bytes += Number(stat.size);
  content.changed = Math.max(content.changed, Number(stat.mtimeMs));
}

/** An open folder to measure or copy. */
export interface Tree {
  dir: DirHandle;
  /** Its path for messages, as clients know it. */
  path: string;
}

/**
 * Totals of a folder.
 * @throws the reason of the signal; Problem no_access, which names the entry; the system's error otherwise
 */
export async function measureTree(calls: Calls, tree: Tree, signal: AbortSignal): Promise<Content> {
  const content = emptyContent();
  await new TreeCopy(calls, signal, content, {}).folder(tree, null, 1);
  return content;
}

/** Copies the contents of a folder, whatever the bytes of their names, into another and syncs them. @throws as `measureTree` */
export async function copyTree(
  calls: Calls,
  from: Tree,
  to: DirHandle,
  options: CopyOptions,
  copied?: CopiedEntries,
): Promise<Content> {
  const content = emptyContent();
  const walk = new TreeCopy(calls, options.signal, content, options, copied);
  try {
    await walk.folder(from, to, 1);
    await walk.flush();
  } finally {
    await walk.end();
  }
  return content;
}

class TreeCopy {
  readonly #unsynced: number[] = [];
  /** Bytes of the path of the top folder. */
  #top = 0;

  constructor(
    readonly calls: Calls,
    readonly signal: AbortSignal,
    readonly content: Content,
    readonly options: Partial<CopyOptions>,
    readonly copied?: CopiedEntries,
  ) {}

  async folder(from: Tree, to: DirHandle | null, depth: number): Promise<void> {
    const { calls } = this;
    const { dir, path } = from;
    if (depth > MAX_SEGMENTS)
      throw new Problem("invalid_path", `The folder is more than ${MAX_SEGMENTS} folders deep.`);
    if (depth === 1) this.#top = Buffer.byteLength(path);
    const stat = calls.stat(dir.fd);
    count(this.content, stat);
    this.copied?.add(stat);
    for (const name of await readable(path, namesIn(calls, dir))) {
      this.signal.throwIfAborted();
      await this.#entry(from, to, name, depth);
    }
    if (!to) return;
    if (this.options.move) {
      await resemble(calls, to.fd, dir.fd, stat, depth === 1 ? OWNER_BITS : 0n);
      await calls.touch(to.fd, stat);
    } else copyAttributes(calls, to.fd, dir.fd);
    await calls.syncCopy(to.fd);
  }

  async #entry(from: Tree, to: DirHandle | null, name: Path, depth: number): Promise<void> {
    const { calls, content } = this;
    const at = pathIn(from.dir, name);
    const path = `${from.path}/${spelled(name)}`;
    const { reach } = content;
    reach.segments = Math.max(reach.segments, depth);
    reach.bytes = Math.max(reach.bytes, Buffer.byteLength(path) - this.#top);
    const stat = await present(path, calls.lstat(at));
    if (stat?.isFile() && !to) return count(content, stat);
    const isFolder = stat?.isDirectory();
    const open = isFolder ? openDir : openFile;
    const source = isFolder || stat?.isFile() ? await present(path, open(calls, at)) : null;
    if (!source) {
      content.omitted += 1;
      return;
    }
    try {
      if (isFolder) await this.#below({ dir: source, path }, to, name, depth);
      else if (to) await this.#file(source, to, name);
    } finally {
      await closeDir(calls, source);
    }
    if (this.#unsynced.length >= SYNC_BATCH) await this.flush();
  }

  async #below(source: Tree, to: DirHandle | null, name: Path, depth: number): Promise<void> {
    const { mode } = this.calls.stat(source.dir.fd);
    const target = to && (await createDir(this.calls, to, name, mode));
    try {
      await this.folder(source, target, depth + 1);
    } finally {
      if (target) await closeDir(this.calls, target);
    }
  }

  async #file(source: DirHandle, to: DirHandle, name: Path): Promise<void> {
    const { calls, content, signal } = this;
    const stat = calls.stat(source.fd);
    if (!stat.isFile()) {
      content.omitted += 1;
      return;
    }
    this.copied?.add(stat);
    const fd = await calls.open(pathIn(to, name), CREATE_NEW, Number(stat.mode & 0o777n));
    this.#unsynced.push(fd);
    await copyInto(calls, fd, source, { took: () => undefined, ...this.options, signal });
    count(content, calls.stat(fd));
  }

  /** Syncs and closes the copied files. */
  async flush(): Promise<void> {
    const ends = await Promise.allSettled(this.#unsynced.map((fd) => this.calls.syncCopy(fd)));
    for (const end of ends) if (end.status === "rejected") throw end.reason;
    await this.end();
  }

  /** Closes the copied files. Never throws. */
  async end(): Promise<void> {
    await Promise.allSettled(this.#unsynced.splice(0).map((fd) => this.calls.close(fd)));
  }
}

/** Creates a folder that must not exist, with the mode of another, and opens it. */
export async function createDir(
  calls: Calls,
  parent: DirHandle,
  name: Path,
  mode: bigint,
): Promise<DirHandle> {
  const path = pathIn(parent, name);
  await calls.mkdir(path, Number((mode & 0o777n) | OWNER_BITS));
  return await openDir(calls, path);
}

/** `null` when the entry is missing or was replaced. @throws Problem no_access */
async function present<T>(path: string, call: Promise<T>): Promise<T | null> {
  return await ignoreErrno(CHANGED_IN_BETWEEN, readable(path, call));
}

async function readable<T>(path: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw errnoOf(error) === "EACCES" ? notReadable(path, error) : error;
  }
}
