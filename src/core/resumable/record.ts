// What is kept of an upload beside its bytes: the note that says what it is, over restarts.

import type { Conflict } from "../../config/config.ts";
import type { DigestAlgorithm } from "../../http/digest.ts";
import { checkFilePath, type FilePath } from "../../path.ts";
import { isUploadId, type UploadId } from "../../storage/upload-id.ts";
import type { ActiveUpload } from "../report/active-uploads.ts";
import { NO_TIMINGS, type Timings } from "../report/flow-report.ts";
import type { SavedFile } from "../upload/saved-file.ts";

/** An upload as its note says it. */
export interface UploadState {
  version: 2;
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
  /** The digests of the whole, as `Repr-Digest` says them; `""` for none. */
  digests: string;
  /** The digest of the whole that its client wants to be told. */
  wanted: DigestAlgorithm | null;
  /** Milliseconds since 1970. */
  created: number;
  concat: Concatenation | null;
  /** Where bytes begin whose checksum nobody has compared yet: a crash leaves them without meaning. */
  unverified: number | null;
  /** How many bytes are synced, at least, since this boot of the machine. After another one no more are certain. */
  mark: { boot: string; length: number } | null;
  /** What was measured until the note was written. */
  measured: Timings;
  /** The name that is being given. After a crash the storage knows whether it was. */
  publishing: FilePath | null;
  /** The file it became, and the digest that was wanted, as `Repr-Digest` says it. */
  finished: { file: SavedFile; replaced: boolean; digest: string | null } | null;
  /** Why it can neither be continued nor become a file: its bytes went past its length, or are not those of `digests`. */
  spoiled: FailureReason | null;
}

export type FailureReason = "length" | "digest";

/** A part of another upload, or one made of parts. */
export type Concatenation =
  | { kind: "partial" /** Whether its bytes are a part of a file by now. */; used: boolean }
  | { kind: "final" /** As they were sent. */; urls: readonly string[]; parts: readonly UploadId[] };

/** What notes of version 1 do not say. */
const SINCE_2 = { digests: "", wanted: null, mark: null, measured: NO_TIMINGS, spoiled: null } as const;

export function formatUploadState(record: UploadState): string {
  return JSON.stringify(record);
}

/** Null for what is no record this version can read. */
export function parseUploadState(id: UploadId, text: string): UploadState | null {
  try {
    const note = JSON.parse(text);
    if (note.version !== 1 && note.version !== 2) return null;
    const record: UploadState = { ...SINCE_2, ...note, version: 2 };
    if (record.id !== id || !isUploadId(record.id)) return null;
    checkFilePath(record.path);
    if (record.publishing !== null) checkFilePath(record.publishing);
    if (record.finished) record.finished.digest ??= null;
    return record;
  } catch {
    return null;
  }
}

/** A suspended upload, as `GET /api/uploads` shows it. */
export function waitingReport(upload: {
  record: UploadState;
  length: number;
  expires: number;
}): ActiveUpload {
  const { record, length, expires } = upload;
  const { name, path, size, created } = record;
  return {
    id: name,
    path,
    ...(size !== null && { size }),
    received: length,
    saved: length,
    bytesPerSecond: 0,
    bottleneck: "network",
    started: new Date(created).toISOString(),
    state: "waiting",
    expires: new Date(expires).toISOString(),
  };
}
