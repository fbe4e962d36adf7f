// Deletes an entry and everything below it. Works through descriptors, so that no link leads out of it.

import * as fs from "node:fs";
import { descriptorPath } from "../../../system/descriptors.ts";
import { errnoOf } from "../../../system/errno.ts";
import type { Job } from "./bulk-queue.ts";

/** Folders held open, one for each level. A folder further down is moved up to the top, and deleted there. */
const MAX_DEPTH = 64;
/** How often to retry when an entry changes concurrently. */
const ATTEMPTS = 10;
const OPEN_FOLDER = fs.constants.O_RDONLY | fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW;
/** Errnos of unlink() for a folder, on Linux and elsewhere. */
export const UNLINKED_FOLDER: ReadonlySet<string> = new Set(["EISDIR", "EPERM"]);
const REPLACED = new Set(["ENOENT", "ENOTDIR", "ELOOP"]);

/** A folder that is being emptied. */
interface Level {
  /** Its path: its name in the open folder above it. */
  at: Buffer;
  fd: number;
  dev: number;
  /** Names still to delete; they need not be valid text. */
  names: Buffer[];
  /** How often the names were read. */
  reads: number;
}

/**
 * A link is deleted itself, never followed. Does nothing if nothing is there.
 * @throws the system's error; EBUSY when another file system is mounted in it: nothing on that one is deleted
 */
export function* removeTree(path: string): Job {
  const levels: Level[] = [];
  try {
    const top = removeEntry(Buffer.from(path), undefined);
    if (top) levels.push(top);
    for (let level = levels.at(-1); level; level = levels.at(-1)) {
      yield;
      const name = level.names.pop();
      if (!name) {
        if (removeEmpty(level)) fs.closeSync(levels.pop()?.fd ?? level.fd);
        continue;
      }
      const folder = removeEntry(nameIn(level, name), level.dev);
      if (!folder) continue;
      if (levels.length < MAX_DEPTH) levels.push(folder);
      else moveUp(folder, levels[0] ?? level);
    }
  } finally {
    for (const { fd } of levels) fs.closeSync(fd);
  }
  return undefined;
}

/** Deletes anything but a folder. @returns the folder, opened to be emptied; `undefined` when nothing is left */
function removeEntry(at: Buffer, dev: number | undefined): Level | undefined {
  for (let attempt = 1; ; attempt += 1) {
    const failed = failureOf(() => fs.unlinkSync(at));
    if (!failed || failed.code === "ENOENT") return undefined;
    if (!UNLINKED_FOLDER.has(failed.code ?? "")) throw failed;
    try {
      return openLevel(at, dev);
    } catch (error) {
      if (!REPLACED.has(errnoOf(error) ?? "") || attempt === ATTEMPTS) throw error;
      // EPERM is also said of a file that must not be deleted.
      if (failed.code === "EPERM" && errnoOf(error) === "ENOTDIR") throw failed;
    }
  }
}

function openLevel(at: Buffer, dev: number | undefined): Level {
  const fd = fs.openSync(at, OPEN_FOLDER);
  try {
    const level: Level = { at, fd, dev: fs.fstatSync(fd).dev, names: [], reads: 0 };
    if (dev !== undefined && level.dev !== dev)
      throw Object.assign(new Error("EBUSY: another file system is mounted in the folder"), {
        code: "EBUSY",
      });
    readLevel(level);
    return level;
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

function readLevel(level: Level): void {
  level.names = fs.readdirSync(pathOf(level), { encoding: "buffer" });
  level.reads += 1;
}

/** @returns whether the folder is gone; otherwise the entries that were added to it are read */
function removeEmpty(level: Level): boolean {
  const failed = failureOf(() => fs.rmdirSync(level.at));
  if (!failed || failed.code === "ENOENT") return true;
  if ((failed.code !== "ENOTEMPTY" && failed.code !== "EEXIST") || level.reads >= ATTEMPTS) throw failed;
  readLevel(level);
  return false;
}

function moveUp(folder: Level, top: Level): void {
  const name = Buffer.from(`.${crypto.randomUUID()}`);
  try {
    fs.renameSync(folder.at, nameIn(top, name));
  } finally {
    fs.closeSync(folder.fd);
  }
  top.names.push(name);
}

function pathOf({ fd, at }: Level): Buffer {
  const path = descriptorPath(fd);
  return path === undefined ? at : Buffer.from(path);
}

function nameIn(level: Level, name: Buffer): Buffer {
  return Buffer.concat([pathOf(level), Buffer.from("/"), name]);
}

function failureOf(call: () => void): NodeJS.ErrnoException | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}
