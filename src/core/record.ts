// What is kept of an upload beside its bytes: the note that says what it is, over restarts.

import type { Conflict } from "../config.ts";
import { checkFilePath, type FilePath } from "../path.ts";
import { isUploadId, type UploadId } from "../storage/upload-id.ts";
import type { SavedFile } from "./upload.ts";

/** An upload as its note says it. */
export interface UploadRecord {
  version: 1;
  id: UploadId;
  /** What it is called in lists: who knows it can do nothing with it, unlike the id. */
  name: string;
  path: FilePath;
  conflict: Conflict;
  /** Bytes in all; null while nobody has said. */
  size: number | null;
  /** Whether it is complete when `size` is reached, or only when its client says so. */
  endsByLength: boolean;
  /** What the client said about it, as it was sent; `""` for nothing. */
  metadata: string;
  /** Milliseconds since 1970. */
  created: number;
  concat: Concatenation | null;
  /** Where bytes begin whose checksum nobody has compared yet: a crash leaves them without meaning. */
  unverified: number | null;
  /** The name that is being given. After a crash the storage knows whether it was. */
  publishing: FilePath | null;
  /** The file it became. */
  finished: { file: SavedFile; replaced: boolean } | null;
}

/** A part of another upload, or one made of parts. */
export type Concatenation =
  | { kind: "partial" /** Whether its bytes are a part of a file by now. */; used: boolean }
  | { kind: "final" /** As they were sent. */; urls: readonly string[]; parts: readonly UploadId[] };

export function writeRecord(record: UploadRecord): string {
  return JSON.stringify(record);
}

/** Null for what is no record this version can read. */
export function readRecord(id: UploadId, text: string): UploadRecord | null {
  try {
    const record: UploadRecord = JSON.parse(text);
    if (record.version !== 1 || record.id !== id || !isUploadId(record.id)) return null;
    checkFilePath(record.path);
    if (record.publishing !== null) checkFilePath(record.publishing);
    return record;
  } catch {
    return null;
  }
}
