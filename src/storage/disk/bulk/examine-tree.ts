// Finds the first entry of a folder that could not be deleted. Works through descriptors, without following links.

import * as fs from "node:fs";
import { descriptorPath } from "../../../system/descriptors.ts";
import { DENIED, errnoOf } from "../../../system/errno.ts";
import type { Job } from "./bulk-queue.ts";

const { R_OK, W_OK, X_OK, O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = fs.constants;
const OPEN_FOLDER = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
const STICKY = 0o1000;
/** Folders held open, one for each level. What is further down is not examined. */
const MAX_DEPTH = 64;
/** Removed or replaced concurrently, or a name that is not valid text. */
const GONE = new Set(["ENOENT", "ELOOP", "ENOTDIR", "ENAMETOOLONG"]);

/** The error of an entry that could not be deleted. */
export interface Undeletable extends Error {
  /** EBUSY when it is on another file system. */
  code: "EACCES" | "EPERM" | "EBUSY";
  /** Its path below the folder, "" for the folder itself. */
  entry: string;
}

interface Level {
  fd: number;
  /** Its path: its name in the open folder above it. */
  at: string;
  /** Its path below the top folder. */
  entry: string;
  /** Entries still to examine. */
  entries: fs.Dirent[];
  /** Whether only the owner of an entry may delete it. */
  owned: boolean;
}

/** @param path may be followed by `/.` to go through a link. @throws Undeletable; the system's error */
export function* examineTree(path: string): Job {
  const levels: Level[] = [];
  try {
    const top = openLevel(path, "", undefined);
    if (top) levels.push(top);
    const dev = top && fs.fstatSync(top.fd).dev;
    for (let level = levels.at(-1); level; level = levels.at(-1)) {
      yield;
      const found = level.entries.pop();
      if (!found) {
        fs.closeSync(levels.pop()?.fd ?? level.fd);
        continue;
      }
      const at = `${pathOf(level)}/${found.name}`;
      const entry = level.entry === "" ? found.name : `${level.entry}/${found.name}`;
      examine(at, entry, found, level.owned);
      if (!found.isDirectory() || levels.length === MAX_DEPTH) continue;
      const below = openLevel(at, entry, dev);
      if (below) levels.push(below);
    }
  } finally {
    for (const { fd } of levels) fs.closeSync(fd);
  }
  return undefined;
}

function examine(at: string, entry: string, found: fs.Dirent, owned: boolean): void {
  if (owned) {
    const stat = unlessGone(() => fs.lstatSync(at), entry);
    if (stat && stat.uid !== process.geteuid?.()) throw undeletable("EPERM", entry);
  }
  // access() would ask for the target of a link.
  if (found.isSymbolicLink()) return;
  try {
    fs.accessSync(at, W_OK);
  } catch (error) {
    // An immutable file is told by EPERM. EACCES only says that it may not be written, which does not matter.
    if (errnoOf(error) === "EPERM") throw undeletable("EPERM", entry, error);
  }
}

/** @returns the folder; `undefined` when it is gone, or is empty: then only the rights of the folder above count */
function openLevel(at: string, entry: string, dev: number | undefined): Level | undefined {
  const fd = unlessGone(() => fs.openSync(at, OPEN_FOLDER), entry);
  if (fd === undefined) return undefined;
  const level: Level = { fd, at, entry, entries: [], owned: false };
  try {
    const stat = fs.fstatSync(fd);
    if (dev !== undefined && stat.dev !== dev) throw undeletable("EBUSY", entry);
    level.entries = fs.readdirSync(pathOf(level), { withFileTypes: true });
    if (level.entries.length > 0) {
      const user = process.geteuid?.() ?? 0;
      level.owned = (stat.mode & STICKY) !== 0 && user !== 0 && user !== stat.uid;
      unlessGone(() => fs.accessSync(`${pathOf(level)}/.`, R_OK | W_OK | X_OK), entry);
      return level;
    }
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
  fs.closeSync(fd);
  return undefined;
}

function pathOf({ fd, at }: Level): string {
  return descriptorPath(fd) ?? at;
}

/** @throws Undeletable when the system refuses the call */
function unlessGone<T>(call: () => T, entry: string): T | undefined {
  try {
    return call();
  } catch (error) {
    const code = errnoOf(error) ?? "";
    if (GONE.has(code)) return undefined;
    throw DENIED.has(code) ? undeletable(code === "EPERM" ? "EPERM" : "EACCES", entry, error) : error;
  }
}

function undeletable(code: Undeletable["code"], entry: string, cause?: unknown): Undeletable {
  return Object.assign(new Error(`${code}: an entry could not be deleted`, { cause }), { code, entry });
}
