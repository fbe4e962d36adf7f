// The system calls of the disk storage, in one object so that a test can make a single one fail.

import * as fs from "node:fs";
import { promisify } from "node:util";
import { type Renamed, renameNew } from "./native.ts";

/** A path: text, or bytes where a name on the disk may be no text. */
export type Path = string | Buffer;

/**
 * Descriptors are plain numbers, not `FileHandle`: a handle that is garbage-collected while open throws an error that
 * nothing can catch. All calls run on the thread pool, except a `write` below 256 KiB and those marked synchronous.
 */
export interface Calls {
  open(path: Path, flags: number, mode?: number): Promise<number>;
  close(fd: number): Promise<void>;
  datasync(fd: number): Promise<void>;
  sync(fd: number): Promise<void>;
  /** Synchronous. */
  stat(fd: number): fs.BigIntStats;
  /** Synchronous lstat(), for a folder whose inode is always cached. */
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
   * Deletes an entry and everything below it, folder by folder through descriptors. A link is deleted itself, never
   * followed. Does not throw if nothing is there.
   */
  removeTree(path: string): Promise<void>;
  readdir(path: string): Promise<fs.Dirent[]>;
  names(path: string): Promise<string[]>;
  /** The names as bytes: Linux allows every byte but a slash and NUL, and text would lose those that are not UTF-8. */
  byteNames(path: string): Promise<Buffer[]>;
  realpath(path: string): Promise<string>;
  readlink(path: string): Promise<string>;
  statfs(path: string): Promise<fs.StatsFs>;
  write(file: Bun.BunFile, bytes: Uint8Array<ArrayBuffer>): Promise<number>;
  /** Copies between the positions of two descriptors, with copy_file_range() where the system supports it. */
  copy(to: Bun.BunFile, from: Bun.BunFile): Promise<number>;
  /** Creates a file that shares the blocks of another (reflink); fails at once on a file system without reflinks. */
  clone(from: string, to: string): Promise<void>;
  /** Sets the timestamps of an open file or folder to those of `like`. */
  touch(fd: number, like: fs.BigIntStats): Promise<void>;
  truncate(fd: number, length: number): Promise<void>;
  /** Reads from the position of the descriptor. @returns bytes read, 0 at the end */
  read(fd: number, into: Uint8Array<ArrayBuffer>): Promise<number>;
  text(fd: number): Promise<string>;
  sink(file: Bun.BunFile): Bun.FileSink;
}

const CLONE = fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE_FORCE;
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
  removeTree: (path) => fs.promises.rm(path, { recursive: true, force: true }),
  readdir: (path) => fs.promises.readdir(path, { withFileTypes: true }),
  names: (path) => fs.promises.readdir(path),
  byteNames: (path) => fs.promises.readdir(path, "buffer"),
  realpath: (path) => fs.promises.realpath(path),
  readlink: (path) => fs.promises.readlink(path),
  statfs: (path) => fs.promises.statfs(path),
  write: (file, bytes) => Bun.write(file, bytes),
  copy: (to, from) => Bun.write(to, from),
  clone: (from, to) => fs.promises.copyFile(from, to, CLONE),
  touch: (fd, { atimeMs, mtimeMs }) => touch(fd, Number(atimeMs) / 1000, Number(mtimeMs) / 1000),
  truncate: promisify(fs.ftruncate),
  read: async (fd, into) => (await read(fd, into, 0, into.byteLength, null)).bytesRead,
  text: (fd) => readFile(fd, "utf8"),
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
