// How a file or folder of the disk is described: names, times and the ETag.

import type { BigIntStats } from "node:fs";
import type { FilePath, FolderPath } from "../../../path.ts";
import type { FileEntry, FolderEntry } from "../../entry.ts";

/**
 * The ETag is made of the size, the time of the last change of the bytes in nanoseconds and the number of the inode:
 * an upload is always a new inode, a rewrite by another program changes the time, and none changes by a restart.
 * docs/decisions/downloads.md says how fine those times are, and why the time of the inode's own change is not in it.
 */
export function fileEntry(path: FilePath, stat: BigIntStats): FileEntry {
  const etag = `"${stat.size.toString(36)}-${stat.mtimeNs.toString(36)}-${stat.ino.toString(36)}"`;
  return { kind: "file", path, size: Number(stat.size), modified: new Date(Number(stat.mtimeMs)), etag };
}

export function folderEntry(path: FolderPath, stat: BigIntStats): FolderEntry {
  return { kind: "folder", path, modified: new Date(Number(stat.mtimeMs)) };
}
