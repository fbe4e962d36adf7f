// Builds entries from stat(): sizes, times and the ETag.

import type { BigIntStats } from "node:fs";
import { checkFilePath, checkFolderPath, type FilePath, type FolderPath } from "../../../path.ts";
import type { Entry, FileEntry, FolderEntry } from "../../entry.ts";

/**
 * The ETag combines size, mtime in nanoseconds and inode number: an upload always creates a new inode, a rewrite by
 * another program changes the mtime, and a restart changes neither. A client can choose the mtime, and numbers of deleted
 * inodes are used again, so the birth of the inode is added when the mtime is older. docs/decisions/downloads.md states
 * the resolution of mtime and why ctime is left out.
 */
export function fileEntry(path: FilePath, stat: BigIntStats): FileEntry {
  const { size, mtimeNs, ino, birthtimeNs } = stat;
  const parts = mtimeNs < birthtimeNs ? [size, mtimeNs, ino, birthtimeNs] : [size, mtimeNs, ino];
  const etag = `"${parts.map((part) => part.toString(36)).join("-")}"`;
  return { kind: "file", path, size: Number(size), modified: new Date(Number(stat.mtimeMs)), etag };
}

export function folderEntry(path: FolderPath, stat: BigIntStats): FolderEntry {
  return { kind: "folder", path, modified: new Date(Number(stat.mtimeMs)) };
}

/** `null` for devices, sockets and pipes, which are hidden from clients: reading one could block forever. */
export function entryOf(path: FilePath | FolderPath, stat: BigIntStats): Entry | null {
  if (stat.isDirectory()) return folderEntry(checkFolderPath(path), stat);
  return stat.isFile() ? fileEntry(checkFilePath(path), stat) : null;
}
