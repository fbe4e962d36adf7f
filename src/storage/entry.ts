// Files and folders of a storage as callers see them.

import type { FilePath, FolderPath } from "../path.ts";

/** A file in the storage. */
export interface FileEntry {
  kind: "file";
  path: FilePath;
  size: number;
  modified: Date;
  /** A strong validator with its quotes (RFC 9110 section 8.8.3): changes whenever the bytes do, survives a restart. */
  etag: string;
  /** In what `page` and `scan` answer: the name is that of a link, and the rest is told of what it leads to. */
  link?: true;
}

/** A folder in the storage. */
export interface FolderEntry {
  kind: "folder";
  path: FolderPath;
  modified: Date;
  /** As of a file. */
  link?: true;
}

export type Entry = FileEntry | FolderEntry;

/** What `move` made. */
export interface Moved {
  entry: Entry;
  /** True when a file had the name before. */
  replaced: boolean;
}
