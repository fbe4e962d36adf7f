// The calls the disk storage makes to the system, in one object so that a test can make a single one fail.

import * as fs from "node:fs";
import { promisify } from "node:util";

/**
 * Descriptors are plain numbers, not `FileHandle`: one of those collected while open throws where nothing can catch it.
 * Everything here runs on the thread pool, except `stat` and a `write` of less than 256 KiB, which are made at once.
 */
export interface Calls {
  open(path: string, flags: number, mode?: number): Promise<number>;
  close(fd: number): Promise<void>;
  datasync(fd: number): Promise<void>;
  sync(fd: number): Promise<void>;
  stat(fd: number): fs.BigIntStats;
  lstat(path: string): Promise<fs.BigIntStats>;
  link(from: string, to: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  mkdir(path: string): Promise<void>;
  readdir(path: string): Promise<fs.Dirent[]>;
  realpath(path: string): Promise<string>;
  readlink(path: string): Promise<string>;
  statfs(path: string): Promise<fs.StatsFs>;
  write(file: Bun.BunFile, bytes: Uint8Array<ArrayBuffer>): Promise<number>;
  sink(file: Bun.BunFile): Bun.FileSink;
}

/** The system itself. */
export const calls: Calls = {
  open: promisify(fs.open) as Calls["open"],
  close: promisify(fs.close),
  datasync: promisify(fs.fdatasync),
  sync: promisify(fs.fsync),
  stat: (fd) => fs.fstatSync(fd, { bigint: true }),
  lstat: (path) => fs.promises.lstat(path, { bigint: true }),
  link: fs.promises.link,
  rename: fs.promises.rename,
  unlink: fs.promises.unlink,
  mkdir: (path) => fs.promises.mkdir(path),
  readdir: (path) => fs.promises.readdir(path, { withFileTypes: true }),
  realpath: (path) => fs.promises.realpath(path),
  readlink: (path) => fs.promises.readlink(path),
  statfs: (path) => fs.promises.statfs(path),
  write: (file, bytes) => Bun.write(file, bytes),
  sink: (file) => file.writer(),
};
