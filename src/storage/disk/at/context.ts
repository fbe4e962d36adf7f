// Shared by all operations on one disk: its open folders, its limits, and the rules for taking a name.

import type { BigIntStats } from "node:fs";
import { Problem } from "../../../errors.ts";
import type { FilePath } from "../../../path.ts";
import type { Calls } from "../os/calls.ts";
import { errnoOf } from "../os/errno.ts";
import type { DirSync } from "./dir-sync.ts";
import type { DirHandle } from "./handle.ts";
import type { NewNames } from "./new-name.ts";

/** `temporaries` is on the file system of the root, so that link() and rename() work between them. */
export interface DiskContext {
  calls: Calls;
  root: DirHandle;
  /**
   * Throws `storage_gone` unless the path of the root still leads to the open folder: after a detached mount or a move, what
   * is written through `root` lands where nobody looks for it. One lstat() of a cached inode, about 2 µs.
   */
  assertRoot(): void;
  temporaries: DirHandle;
  dirSync: DirSync;
  newNames: NewNames;
  /** Bytes of the maxPathBytes path that the system takes together with the root's: a longer one could not be read again. */
  maxPathBytes: number;
  /** Tells the operator what no client is told. */
  warn(message: string): void;
}

/** Bytes of the longest path that the system takes: PATH_MAX without the byte that ends it. */
export const PATH_MAX_BYTES = (process.platform === "darwin" ? 1024 : 4096) - 1;

/** Errnos of link() on a file system without hard links. */
export const WITHOUT_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/** How often a removed parent folder is created again. */
const ATTEMPTS = 10;

/**
 * Retries a step that creates parent folders, because another process may remove them before the name is taken (ENOENT).
 * @throws the error of the last attempt
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
  const detail = "The path is too long for the location of this root. Shorten it, or use fewer folders.";
  throw new Problem("invalid_path", detail, {
    errors: [{ code: "path_too_long", pointer: "/path", detail }],
  });
}

/** Checks that an entry may be replaced by a file. @throws Problem is_folder, link_in_path, name_taken */
export function replaceable(taken: BigIntStats): void {
  if (taken.isDirectory()) throw new Problem("is_folder", "A folder has this name.");
  if (taken.isSymbolicLink())
    throw new Problem("link_in_path", "A link has this name; nothing is replaced through links.");
  if (!taken.isFile())
    throw new Problem("name_taken", "Something that is neither file nor folder has this name.");
}
