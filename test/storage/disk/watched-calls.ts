// System calls with hooks: to make them fail one by one, or to change the disk between them.

import { type Calls, calls as systemCalls } from "../../../src/storage/disk/os/calls.ts";
import { sinkWith, systemError } from "./faults.ts";

/** Called before each system call except `close`. The call fails with an error that it throws. */
export type Watcher = (name: keyof Calls, ...details: (string | number)[]) => void | Promise<void>;

/** Tracks open descriptors, to detect that one is closed twice. */
export class Descriptors {
  readonly open = new Set<number>();
  /** Numbers that were closed although they were not open, which could close the file of another upload. */
  readonly closedTwice: number[] = [];
}

/**
 * The system calls, with a hook before each of them. The hook of `close` is called afterwards, because the system closes
 * the descriptor even if it reports an error. `sink` has a hook before its first write and its flush.
 */
export function watchedCalls(watch: Watcher, descriptors = new Descriptors(), system = systemCalls): Calls {
  const announce = async (name: keyof Calls, ...details: (string | number)[]): Promise<void> =>
    watch(name, ...details);
  return {
    open: async (path, flags, mode) => {
      await announce("open", String(path));
      const fd = await system.open(path, flags, mode);
      descriptors.open.add(fd);
      return fd;
    },
    close: async (fd) => {
      if (!descriptors.open.delete(fd)) descriptors.closedTwice.push(fd);
      await system.close(fd);
      await announce("close", fd);
    },
    datasync: async (fd) => {
      await announce("datasync", fd);
      await system.datasync(fd);
    },
    sync: async (fd) => {
      await announce("sync", fd);
      await system.sync(fd);
    },
    stat: (fd) => {
      void watch("stat", fd);
      return system.stat(fd);
    },
    folderAt: (path) => {
      void watch("folderAt", path);
      return system.folderAt(path);
    },
    smallFile: (path) => {
      void watch("smallFile", path);
      return system.smallFile(path);
    },
    pathOf: (fd) => {
      void watch("pathOf", fd);
      return system.pathOf(fd);
    },
    reopen: (from) => {
      void watch("reopen", from);
      const fd = system.reopen(from);
      descriptors.open.add(fd);
      return fd;
    },
    drop: (fd) => {
      if (!descriptors.open.delete(fd)) descriptors.closedTwice.push(fd);
      system.drop(fd);
    },
    lstat: async (path) => {
      await announce("lstat", String(path));
      return await system.lstat(path);
    },
    access: async (path, mode) => {
      await announce("access", path);
      await system.access(path, mode);
    },
    link: async (from, to) => {
      await announce("link", from, to);
      await system.link(from, to);
    },
    rename: async (from, to) => {
      await announce("rename", from, to);
      await system.rename(from, to);
    },
    renameNew: async (from, to) => {
      await announce("renameNew", from, to);
      return await system.renameNew(from, to);
    },
    unlink: async (path) => {
      await announce("unlink", String(path));
      await system.unlink(path);
    },
    mkdir: async (path, mode) => {
      await announce("mkdir", String(path));
      await system.mkdir(path, mode);
    },
    rmdir: async (path) => {
      await announce("rmdir", String(path));
      await system.rmdir(path);
    },
    examineTree: async (path) => {
      await announce("examineTree", path);
      await system.examineTree(path);
    },
    removeTree: async (path) => {
      await announce("removeTree", path);
      await system.removeTree(path);
    },
    readdir: async (path) => {
      await announce("readdir", path);
      return await system.readdir(path);
    },
    names: async (path) => {
      await announce("names", path);
      return await system.names(path);
    },
    byteNames: async (path) => {
      await announce("byteNames", path);
      return await system.byteNames(path);
    },
    realpath: async (path) => {
      await announce("realpath", path);
      return await system.realpath(path);
    },
    readlink: async (path) => {
      await announce("readlink", path);
      return await systemCalls.readlink(path);
    },
    statfs: async (path) => {
      await announce("statfs", path);
      return await system.statfs(path);
    },
    write: async (file, bytes) => {
      // The caller reuses the buffer as soon as the call has returned.
      const copy = bytes.slice();
      await announce("write", bytes.byteLength);
      return await system.write(file, copy);
    },
    copyRange: async (range) => {
      await announce("copyRange", range.length);
      return await system.copyRange(range);
    },
    syncCopy: async (fd) => {
      await announce("syncCopy", fd);
      await system.syncCopy(fd);
    },
    unlinkLarge: async (path) => {
      await announce("unlinkLarge", path);
      await system.unlinkLarge(path);
    },
    closeLarge: async (fd) => {
      if (!descriptors.open.delete(fd)) descriptors.closedTwice.push(fd);
      await system.closeLarge(fd);
      await announce("closeLarge", fd);
    },
    clone: async (from, to) => {
      await announce("clone", from, to);
      await system.clone(from, to);
    },
    touch: async (fd, like) => {
      await announce("touch", fd);
      await system.touch(fd, like);
    },
    setModified: async (fd, modified) => {
      await announce("setModified", fd);
      await system.setModified(fd, modified);
    },
    chmod: async (fd, mode) => {
      await announce("chmod", fd, mode);
      await system.chmod(fd, mode);
    },
    chown: async (fd, uid, gid) => {
      await announce("chown", fd, uid, gid);
      await system.chown(fd, uid, gid);
    },
    attributeOf: (of, name) => system.attributeOf(of, name),
    attributesOf: (of) => system.attributesOf(of),
    setAttribute: (fd, name, value) => system.setAttribute(fd, name, value),
    truncate: async (fd, length) => {
      await announce("truncate", fd, length);
      await system.truncate(fd, length);
    },
    read: async (fd, into) => {
      await announce("read", fd);
      return await system.read(fd, into);
    },
    text: async (fd) => {
      await announce("text", fd);
      return await system.text(fd);
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

/** System calls of which the n-th fails. */
export class FailingOnce {
  /** The number of calls so far. */
  readonly made: (keyof Calls)[] = [];
  readonly descriptors = new Descriptors();
  readonly calls: Calls;
  /** The index of the call that fails, starting at 0. */
  failAt = Number.POSITIVE_INFINITY;

  /** @param system the calls that do not fail */
  constructor(errno: string, system = systemCalls) {
    this.calls = watchedCalls(
      (name) => {
        this.made.push(name);
        if (this.made.length - 1 === this.failAt) throw systemError(errno);
      },
      this.descriptors,
      system,
    );
  }

  /** The name of the call that failed. */
  get failed(): keyof Calls | undefined {
    return this.made[this.failAt];
  }
}
