// Shared by all operations on one disk: its open folders, its limits, and the rules for taking a name.

import type { BigIntStats } from "node:fs";
import { Problem } from "../../../errors.ts";
import type { FilePath } from "../../../path.ts";
import type { Calls } from "../os/calls.ts";
import { errnoOf } from "../os/errno.ts";
import type { DirSync } from "./dir-sync.ts";
import type { DirHandle } from "./handle.ts";

/** What all uploads of one disk share. `temporaries` is on the file system of the root. */
export interface DiskContext {
  calls: Calls;
  root: DirHandle;
  temporaries: DirHandle;
  dirSync: DirSync;
  /** Bytes of the maxPathBytes path that the system takes together with the root's: a longer one could not be read again. */
  maxPathBytes: number;
}

/** What a file system without hard links says to `link`. */
export const WITHOUT_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/** How often a vanished folder is made again. */
const ATTEMPTS = 10;

/**
 * Does a step again when a folder was removed between looking and naming: then it is made again. What else is gone stays
 * gone, and the step says so each time.
 * @throws what the step throws
 */
export async function durably<T>(step: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await step();
    } catch (error) {
      if (errnoOf(error) !== "ENOENT" || attempt === ATTEMPTS) throw error;
    }
  }
}

/** @throws Problem invalid_path */
export function assertNameLength(path: FilePath, maxPathBytes: number): void {
  if (Buffer.byteLength(path) <= maxPathBytes) return;
  const detail = "The path is too long where this root is: shorten it, or move it up some folders.";
  throw new Problem("invalid_path", detail, {
    errors: [{ code: "path_too_long", pointer: "/path", detail }],
  });
}

/** Proves that what has a name can be replaced by a file: only a file can. @throws Problem is_folder, link_in_path, name_taken */
export function replaceable(taken: BigIntStats): void {
  if (taken.isDirectory()) throw new Problem("is_folder", "A folder has this name.");
  if (taken.isSymbolicLink())
    throw new Problem("link_in_path", "A link has this name; nothing is replaced through links.");
  if (!taken.isFile())
    throw new Problem("name_taken", "Something that is neither file nor folder has this name.");
}
