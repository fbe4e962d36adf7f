// The system calls of the disk storage, in one object so that a test can make a single one fail.

import * as fs from "node:fs";
import { promisify } from "node:util";
import { BulkThread } from "../bulk/bulk-thread.ts";
import type { Range } from "../bulk/copy-range.ts";
import { type Attributed, attributeOf, attributesOf, setAttribute } from "./attributes.ts";
import { READ_EXISTING } from "./open-flags.ts";
import { type Renamed, renameNew } from "./rename-new.ts";

/** A path: text, or bytes where a name on the disk may be no text. */
export type Path = string | Buffer;

/**
 * Descriptors are plain numbers, not `FileHandle`: a handle that is garbage-collected while open throws an error that
 * nothing can catch. All calls run on the thread pool, except a `write` below 256 KiB and those marked synchronous or bulk.
 * Bulk calls may take seconds. They have a thread of their own, where each runs in its turn: the pool has one thread for
 * each processor, and two long calls would hold up every upload.
 */
export interface Calls {
  open(path: Path, flags: number, mode?: number): Promise<number>;
  close(fd: number): Promise<void>;
  datasync(fd: number): Promise<void>;
  sync(fd: number): Promise<void>;
  /** Synchronous. */
  stat(fd: number): fs.BigIntStats;
  /** Synchronous lstat(), for a folder whose inode is always cached, and before the server listens. */
  folderAt(path: string): fs.BigIntStats;
  /** The current path of an open descriptor. Linux only. Synchronous: the kernel has it in memory. */
  pathOf(fd: number): string;
  /** Opens the file of an O_PATH descriptor for reading. Linux only. Synchronous: no path is resolved. */
  reopen(fd: number): number;
  /** Synchronous close() of an O_PATH descriptor: unlike an open file, it never has to free a large deleted file. */
  drop(fd: number): void;
  lstat(path: Path): Promise<fs.BigIntStats>;
  /** Fails unless this process has the rights in `mode`, such as `R_OK`; of the target, if it is a link. */
  access(path: string, mode: number): Promise<void>;
  link(from: string, to: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Renames a file or folder unless the new name is taken. Runs on the calling thread. */
  renameNew(from: string, to: string): Promise<Renamed>;
  unlink(path: Path): Promise<void>;
  mkdir(path: Path, mode?: number): Promise<void>;
  rmdir(path: Path): Promise<void>;
  /**
   * Bulk: deletes an entry and everything below it, folder by folder through descriptors. A link is deleted itself, never
   * followed. Does not throw if nothing is there. Another file system that is mounted below ends it with EBUSY.
   */
  removeTree(path: string): Promise<void>;
  /**
   * Bulk: checks that all entries of a folder could be deleted: none is protected by the rights of its folder, the sticky bit
   * or the attribute "immutable", and none is on another file system. @throws Undeletable, which names the first one
   */
  examineTree(path: string): Promise<void>;
  readdir(path: string): Promise<fs.Dirent[]>;
  names(path: string): Promise<string[]>;
  /** The names as bytes: Linux allows every byte but a slash and NUL, and text would lose those that are not UTF-8. */
  byteNames(path: string): Promise<Buffer[]>;
  realpath(path: string): Promise<string>;
  readlink(path: string): Promise<string>;
  statfs(path: string): Promise<fs.StatsFs>;
  write(file: Bun.BunFile, bytes: Uint8Array<ArrayBuffer>): Promise<number>;
  /** Bulk: copies bytes between two files, with copy_file_range() where the system supports it. @returns bytes copied */
  copyRange(range: Range): Promise<number>;
  /** Bulk fsync(), of a file that `copyRange` has written, or of its folder. */
  syncCopy(fd: number): Promise<void>;
  /** Bulk unlink(): freeing the blocks of a file takes 0.2 s for each GiB. */
  unlinkLarge(path: string): Promise<void>;
  /** Bulk close(), of a file that was replaced and whose blocks are freed now. */
  closeLarge(fd: number): Promise<void>;
  /** Bulk: creates a file that shares the blocks of another (reflink); fails at once on a file system without reflinks. */
  clone(from: string, to: string): Promise<void>;
  /** Sets the timestamps of an open file or folder to those of `like`. */
  touch(fd: number, like: fs.BigIntStats): Promise<void>;
  /** Sets the modification time of an open file. */
  setModified(fd: number, modified: Date): Promise<void>;
  chmod(fd: number, mode: number): Promise<void>;
  chown(fd: number, uid: number, gid: number): Promise<void>;
  /** Synchronous, as the next two: the kernel has them in memory with the file. None of them throws. */
  attributeOf(of: Attributed, name: string): Uint8Array<ArrayBuffer> | null;
  attributesOf(of: Attributed): string[];
  setAttribute(fd: number, name: string, value: Uint8Array<ArrayBuffer> | null): boolean;
  truncate(fd: number, length: number): Promise<void>;
  /** Reads from the position of the descriptor. @returns bytes read, 0 at the end */
  read(fd: number, into: Uint8Array<ArrayBuffer>): Promise<number>;
  text(fd: number): Promise<string>;
  /**
   * Reads a small file and its stat, without following a link. Synchronous: on the pool, thousands of files take three
   * times as long. @returns null for a folder, a pipe or a device
   */
  smallFile(path: string): SmallFile | null;
  sink(file: Bun.BunFile): Bun.FileSink;
}

/** The content of a file, and its stat. */
export interface SmallFile {
  text: string;
  stat: fs.BigIntStats;
}

/** From this size on, the blocks of a file are freed by bulk calls. */
export const LARGE_FILE = 16 * 1024 * 1024;

const bulk = new BulkThread();
const touch = promisify(fs.futimes);
const read = promisify(fs.read);
const readFile = promisify(fs.readFile);

/** The real system. */
export const calls: Calls = {
  open: promisify(fs.open) as Calls["open"],
  close: promisify(fs.close),
  datasync: promisify(fs.fdatasync),
  sync: promisify(fs.fsync),
  stat: (fd) => fs.fstatSync(fd, { bigint: true }),
  folderAt: (path) => fs.lstatSync(path, { bigint: true }),
  pathOf: (fd) => fs.readlinkSync(`/proc/self/fd/${fd}`),
  reopen: (fd) => fs.openSync(`/proc/self/fd/${fd}`, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK),
  drop: (fd) => fs.closeSync(fd),
  lstat: (path) => fs.promises.lstat(path, { bigint: true }),
  access: (path, mode) => fs.promises.access(path, mode),
  link: fs.promises.link,
  rename: fs.promises.rename,
  renameNew: async (from, to) => renameNew(from, to),
  unlink: fs.promises.unlink,
  mkdir: (path, mode) => fs.promises.mkdir(path, mode),
  rmdir: fs.promises.rmdir,
  examineTree: async (path) => void (await bulk.run({ do: "examineTree", path })),
  removeTree: async (path) => void (await bulk.run({ do: "removeTree", path })),
  readdir: (path) => fs.promises.readdir(path, { withFileTypes: true }),
  names: (path) => fs.promises.readdir(path),
  byteNames: (path) => fs.promises.readdir(path, "buffer"),
  realpath: (path) => fs.promises.realpath(path),
  readlink: (path) => fs.promises.readlink(path),
  statfs: (path) => fs.promises.statfs(path),
  write: (file, bytes) => Bun.write(file, bytes),
  copyRange: (range) => bulk.run({ do: "copyRange", ...range }),
  syncCopy: async (fd) => void (await bulk.run({ do: "sync", fd })),
  unlinkLarge: async (path) => void (await bulk.run({ do: "unlink", path })),
  closeLarge: async (fd) => void (await bulk.run({ do: "close", fd })),
  clone: async (from, to) => void (await bulk.run({ do: "clone", from, to })),
  touch: (fd, { atimeMs, mtimeMs }) => touch(fd, Number(atimeMs) / 1000, Number(mtimeMs) / 1000),
  // A Date is exact to the millisecond, seconds as a number are not.
  setModified: (fd, modified) => touch(fd, new Date(), modified),
  chmod: promisify(fs.fchmod),
  chown: promisify(fs.fchown),
  attributeOf,
  attributesOf,
  setAttribute,
  truncate: promisify(fs.ftruncate),
  read: async (fd, into) => (await read(fd, into, 0, into.byteLength, null)).bytesRead,
  text: (fd) => readFile(fd, "utf8"),
  smallFile(path) {
    const fd = fs.openSync(path, READ_EXISTING);
    try {
      const stat = fs.fstatSync(fd, { bigint: true });
      return stat.isFile() ? { text: fs.readFileSync(fd, "utf8"), stat } : null;
    } finally {
      fs.closeSync(fd);
    }
  },
  sink: (file) => file.writer(),
};

/** Closes a descriptor whose bytes are already safe or unwanted. Never throws. */
export async function closeQuietly(calls: Calls, fd: number): Promise<void> {
  await calls.close(fd).catch(() => {
    // close() releases the descriptor even when it reports an error.
  });
}

/** For a thread that may block: synchronous lookups take a tenth of the time, since they skip the thread pool. */
export const blockingCalls: Calls = {
  ...calls,
  open: async (path, flags, mode) => fs.openSync(path, flags, mode),
  close: async (fd) => fs.closeSync(fd),
  lstat: async (path) => fs.lstatSync(path, { bigint: true }),
  access: async (path, mode) => fs.accessSync(path, mode),
  readdir: async (path) => fs.readdirSync(path, { withFileTypes: true }),
  names: async (path) => fs.readdirSync(path),
  byteNames: async (path) => fs.readdirSync(path, "buffer"),
  realpath: async (path) => fs.realpathSync(path),
  readlink: async (path) => fs.readlinkSync(path),
};
