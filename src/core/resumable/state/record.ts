// The state of a resumable upload, as its sidecar file preserves it across restarts.

import type { Conflict } from "../../../config/config.ts";
import { Problem } from "../../../errors.ts";
import type { DigestAlgorithm } from "../../../http/digest.ts";
import { checkFilePath, type FilePath } from "../../../path.ts";
import type { FileEntry } from "../../../storage/entry.ts";
import { isUploadId, type UploadId } from "../../../storage/upload-id.ts";
import type { NameGrants } from "../../naming/conflict.ts";
import { type ActiveUpload, uploadCancelled } from "../../report/active-uploads.ts";
import { buildFlowReport, NO_TIMINGS, type Timings } from "../../report/flow-report.ts";
import { failureReason, type RecentUpload } from "../../report/recent-uploads.ts";
import { type SavedFile, savedFile } from "../../upload/saved-file.ts";

/** The content of the sidecar file. */
export interface UploadState {
  version: 2;
  id: UploadId;
  /** The id shown in lists; unlike `id`, it grants no access. */
  name: string;
  /** The client that created it, as limits for each client count it; null for none. */
  client: string | null;
  path: FilePath;
  conflict: Conflict;
  /** The rights of the client when it created the upload. */
  may: NameGrants;
  /** The `Asker.maker` that created it. */
  maker: string;
  /** Of an upload to a drop: what its sender gets instead of the path; null for others. */
  receipt: string | null;
  /** Total bytes; null until the client states them. */
  size: number | null;
  /** Whether the upload completes when it reaches `size`, or only when a request states that it is the last. */
  endsByLength: boolean;
  /** The client's metadata, as sent; `""` for none. */
  metadata: string;
  /** Digests of the whole file, as in `Repr-Digest`; `""` for none. */
  digests: string;
  /** The digest of the whole file to report to the client. */
  wanted: DigestAlgorithm | null;
  /** Milliseconds since 1970. */
  created: number;
  /** The modification time of the file in milliseconds since 1970; `null` for the time of its last byte. */
  modified: number | null;
  /** `Storage.age` at the last activity. */
  active: number;
  concat: Concatenation | null;
  /** Offset of the first byte whose checksum is not verified yet; after a crash, the bytes from there on are discarded. */
  unverified: number | null;
  /** The durable length: bytes known to be synced during this boot. After a reboot, only these are relied on. */
  mark: { boot: string; length: number } | null;
  /** The timings when the metadata was written. */
  measured: Timings;
  /** The path under which the file is being published. After a crash, the storage is asked whether that succeeded. */
  publishing: FilePath | null;
  /** The published file, and the requested digest as in `Repr-Digest`. */
  finished: { file: SavedFile; replaced: boolean; digest: string | null } | null;
  /** Why the upload failed for good: its bytes exceed its length or do not match `digests`, or an operator cancelled it. */
  spoiled: FailureReason | null;
}

export type FailureReason = "length" | "digest" | "cancelled";

/** A part of another upload, or an upload concatenated from parts. */
export type Concatenation =
  | { kind: "partial" /** Whether its bytes belong to a published file. */; used: boolean }
  | { kind: "final" /** As sent by the client. */; urls: readonly string[]; parts: readonly UploadId[] };

/** Defaults for the fields that version 1, or an earlier release, lacks. */
const DEFAULTS = {
  client: null,
  may: { replace: false, read: false },
  maker: "anyone",
  receipt: null,
  digests: "",
  modified: null,
  active: 0,
  wanted: null,
  mark: null,
  measured: NO_TIMINGS,
  spoiled: null,
} as const;

export function formatUploadState(record: UploadState): string {
  return JSON.stringify(record);
}

/** @returns null when this version cannot read the text */
export function parseUploadState(id: UploadId, text: string): UploadState | null {
  try {
    const parsed = JSON.parse(text);
    if (parsed.version !== 1 && parsed.version !== 2) return null;
    const record: UploadState = { ...DEFAULTS, ...parsed, version: 2 };
    if (record.id !== id || !isUploadId(record.id)) return null;
    checkFilePath(record.path);
    if (record.publishing !== null) checkFilePath(record.publishing);
    if (record.finished) record.finished.digest ??= null;
    return record;
  } catch {
    return null;
  }
}

/** Creates the problem of a request to an upload that has failed for good. */
export function uploadFailed(why: FailureReason): Problem {
  if (why === "cancelled") return uploadCancelled();
  const reason = why === "length" ? "exceeded its length" : "did not match its Repr-Digest";
  return new Problem("upload_gone", `The bytes of this upload ${reason}. Start a new upload.`);
}

/** A file that was published just before a crash; its flow report is made from the timings last written to the metadata. */
export function recoveredFile({ path, measured }: UploadState, entry: FileEntry): SavedFile {
  const flow = buildFlowReport(measured, entry.size);
  const explanation = `${flow.explanation} The server was restarted while the file got its name: that time is not in here.`;
  return savedFile(entry, path, { ...flow, explanation });
}

/** A suspended upload, as `GET /api/uploads` shows it. */
export function suspendedReport(upload: {
  record: UploadState;
  length: number;
  activity: { expires: number };
}): ActiveUpload {
  const { record, length, activity } = upload;
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
    expires: new Date(activity.expires).toISOString(),
  };
}

/** An upload that ended without a file, as `GET /api/uploads` shows it. @param length bytes that had arrived */
export function endedReport(
  { name, path, measured }: UploadState,
  length: number,
  outcome: "failed" | "forgotten",
  cause?: Problem,
): RecentUpload {
  return {
    id: name,
    path,
    outcome,
    size: length,
    ended: new Date().toISOString(),
    flow: buildFlowReport(measured, length),
    ...(cause && { error: failureReason(cause) }),
  };
}
