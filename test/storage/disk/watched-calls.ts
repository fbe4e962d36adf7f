// The system's calls with somebody looking over the shoulder: to fail them one by one, or to change the disk between.

import { type Calls, calls as systemCalls } from "../../../src/storage/disk/calls.ts";
import { sinkWith, systemError } from "./faults.ts";

/** Called before each call is made, `close` excepted. What it throws, the call fails with. */
export type Watcher = (name: keyof Calls, ...details: (string | number)[]) => void | Promise<void>;

/** Descriptors by their number, to see one closed that is not open. */
export class Descriptors {
  readonly open = new Set<number>();
  /** Numbers closed though they were not open: the next to get such a number would lose its file. */
  readonly closedTwice: number[] = [];
}

/**
 * The system's calls, announced to a watcher. `close` is made before it is announced: the system lets go of a
 * descriptor also when it reports an error. `sink` is announced for its first write and its flush.
 */
export function watchedCalls(watch: Watcher, descriptors = new Descriptors()): Calls {
  const announce = async (name: keyof Calls, ...details: (string | number)[]): Promise<void> =>
    watch(name, ...details);
  return {
    open: async (path, flags, mode) => {
      await announce("open", path);
      const fd = await systemCalls.open(path, flags, mode);
      descriptors.open.add(fd);
      return fd;
    },
    close: async (fd) => {
      if (!descriptors.open.delete(fd)) descriptors.closedTwice.push(fd);
      await systemCalls.close(fd);
      await announce("close", fd);
    },
    datasync: async (fd) => {
      await announce("datasync", fd);
      await systemCalls.datasync(fd);
    },
    sync: async (fd) => {
      await announce("sync", fd);
      await systemCalls.sync(fd);
    },
    stat: (fd) => {
      void watch("stat", fd);
      return systemCalls.stat(fd);
    },
    lstat: async (path) => {
      await announce("lstat", path);
      return await systemCalls.lstat(path);
    },
    link: async (from, to) => {
      await announce("link", from, to);
      await systemCalls.link(from, to);
    },
    rename: async (from, to) => {
      await announce("rename", from, to);
      await systemCalls.rename(from, to);
    },
    unlink: async (path) => {
      await announce("unlink", path);
      await systemCalls.unlink(path);
    },
    mkdir: async (path, mode) => {
      await announce("mkdir", path);
      await systemCalls.mkdir(path, mode);
    },
    readdir: async (path) => {
      await announce("readdir", path);
      return await systemCalls.readdir(path);
    },
    realpath: async (path) => {
      await announce("realpath", path);
      return await systemCalls.realpath(path);
    },
    statfs: async (path) => {
      await announce("statfs", path);
      return await systemCalls.statfs(path);
    },
    write: async (file, bytes) => {
      // The caller fills the buffer again as soon as the call returned.
      const copy = bytes.slice();
      await announce("write", bytes.byteLength);
      return await systemCalls.write(file, copy);
    },
    copy: async (to, from) => {
      await announce("copy");
      return await systemCalls.copy(to, from);
    },
    truncate: async (fd, length) => {
      await announce("truncate", fd, length);
      await systemCalls.truncate(fd, length);
    },
    read: async (fd, into) => {
      await announce("read", fd);
      return await systemCalls.read(fd, into);
    },
    text: async (fd) => {
      await announce("text", fd);
      return await systemCalls.text(fd);
    },
    sink: (file) => {
      void watch("sink");
      return sinkWith(file, (sink) => ({
        flush: async () => {
          await announce("sink");
          return await sink.flush();
        },
      }));
    },
  };
}

/** Calls of which one fails: the one with a certain number. */
export class FailingOnce {
  /** The calls made so far. */
  readonly made: (keyof Calls)[] = [];
  readonly descriptors = new Descriptors();
  readonly calls: Calls;
  /** The number of the call that fails, counted from 0. */
  failAt = Number.POSITIVE_INFINITY;

  constructor(errno: string) {
    this.calls = watchedCalls((name) => {
      this.made.push(name);
      if (this.made.length - 1 === this.failAt) throw systemError(errno);
    }, this.descriptors);
  }

  /** The name of the call that failed. */
  get failed(): keyof Calls | undefined {
    return this.made[this.failAt];
  }
}
