// What a storage in memory holds, and another one opened on it finds again.

import { ROOT } from "../../path.ts";
import type { FileEntry } from "../storage.ts";
import type { TrashId } from "../trash.ts";
import type { UploadId } from "../upload-id.ts";

export interface MemoryFile {
  entry: FileEntry;
  body: Blob;
}

/** The bytes of an upload. */
export interface MemoryBytes {
  chunks: Uint8Array<ArrayBuffer>[];
  length: number;
  /** What the file made of them is made of. */
  body?: Blob;
}

/** A kept upload. Without a note it does not outlive the storage. */
export interface MemoryPartial {
  bytes: MemoryBytes | null;
  note: string | null;
  changed: Date;
}

/** What outlives a storage: the files, the folders, the kept uploads and the number of the last change. */
export class MemoryContents {
  readonly files = new Map<string, MemoryFile>();
  readonly folders = new Map<string, Date>([[ROOT, new Date()]]);
  readonly kept = new Map<UploadId, MemoryPartial>();
  /** Another one after a power cut. */
  boot = "memory";
  /** What was put away, each in contents of its own. */
  readonly trash = new Map<TrashId, { text: string; contents: MemoryContents }>();
  changes = 0;

  /** Forgets what has no note. @returns bytes of all files and uploads together */
  restart(): number {
    let used = 0;
    for (const { entry } of this.files.values()) used += entry.size;
    for (const { contents } of this.trash.values()) used += contents.restart();
    for (const [id, { bytes, note }] of this.kept)
      if (note === null) this.kept.delete(id);
      else if (bytes && !bytes.body) used += bytes.length;
    return used;
  }
}
