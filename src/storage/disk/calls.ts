// The calls the disk storage makes to the system, in one object so that a test can make a single one fail.

import * as fs from "node:fs";
import { promisify } from "node:util";

/**
 * Descriptors are plain numbers, not `FileHandle`: one of those collected while open throws where nothing can catch it.
 * Everything here runs on the thread pool, except `write` of less than 256 KiB, which Bun does at once.
 */
export const calls = {
  open: promisify(fs.open) as (path: string, flags: number, mode?: number) => Promise<number>,
  close: promisify(fs.close),
  datasync: promisify(fs.fdatasync),
  sync: promisify(fs.fsync),
  stat: (fd: number): fs.BigIntStats => fs.fstatSync(fd, { bigint: true }),
  lstat: (path: string): Promise<fs.BigIntStats> => fs.promises.lstat(path, { bigint: true }),
  link: fs.promises.link,
  rename: fs.promises.rename,
  unlink: fs.promises.unlink,
  mkdir: fs.promises.mkdir,
  readdir: (path: string): Promise<fs.Dirent[]> => fs.promises.readdir(path, { withFileTypes: true }),
  realpath: fs.promises.realpath,
  statfs: fs.promises.statfs,
  write: (file: Bun.BunFile, bytes: Uint8Array<ArrayBuffer>): Promise<number> => Bun.write(file, bytes),
  sink: (file: Bun.BunFile): Bun.FileSink => file.writer(),
};

export type Calls = typeof calls;
