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
  /** Set by `page` and `scan`: the name belongs to a link, and all other fields describe its target. */
  link?: true;
  /** The path at which it really is, or the nearest one that clients can name, if a link has led there. */
  target?: FolderPath;
}

/** A folder in the storage. */
export interface FolderEntry {
  kind: "folder";
  path: FolderPath;
  modified: Date;
  /** As for a file. */
  link?: true;
  /** As for a file. */
  target?: FolderPath;
}

export type Entry = FileEntry | FolderEntry;

/** The result of `move`. */
export interface Moved {
  entry: Entry;
  /** True when a file under this name was replaced. */
  replaced: boolean;
}
