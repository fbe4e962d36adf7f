// A request that appends bytes to an upload, and the checks made before its body is read.

import { Problem } from "../../errors.ts";
import type { DigestAlgorithm } from "../../http/digest.ts";
import { tooLarge } from "../admission/free-space.ts";
import type { RequestBody } from "../upload/request-body.ts";
import type { UploadState } from "./record.ts";

/** A request being received. */
export interface IncomingBody {
  body: RequestBody;
  /** Called when the last byte has arrived and only storage work remains. */
  saving: () => void;
  close: () => void;
}

/** A checksum of one request's bytes; on a mismatch none of them is kept. */
export interface Check {
  /** Seconds spent. */
  readonly seconds: number;
  update(chunk: Uint8Array): void;
  /** Called once, after the last byte. @throws Problem checksum_mismatch, digest_mismatch */
  finish(): unknown;
}

/** The parsed request. */
export interface AppendRequest {
  offset: number;
  /** Bytes of the whole upload, when this request says so. */
  size: number | null;
  /** Bytes of this request, when announced. */
  bytes: number | undefined;
  /** Whether these bytes complete the upload; `length`: when they reach its size. */
  ends: boolean | "length";
  checks: readonly Check[];
  /** The digest of the whole file to report on completion. */
  wanted: DigestAlgorithm | null;
  /** Creates the problem of a body that is longer or shorter than the upload's length allows. */
  overflow: () => Problem;
  /** Whether bytes past the end make the upload fail for good. */
  spoils: boolean;
  /** Creates the problem of a request whose offset is not the current one. */
  mismatch: (offset: number) => Problem;
  /** Starts receiving; called once the request holds the lock. @throws Problem */
  receive: () => IncomingBody;
}

/**
 * @returns whether the announced bytes go past the end of the upload
 * @throws Problem offset_mismatch, inconsistent_length, file_too_large, concatenated_upload
 */
export function checkAppend(
  { offset, size, bytes, ends, overflow, mismatch }: AppendRequest,
  { record, length }: { record: UploadState; length: number },
  maxFileSize: number,
): boolean {
  if (record.concat?.kind === "final")
    throw new Problem("concatenated_upload", "This upload is made of others and takes no bytes of its own.");
  if (offset !== length) throw mismatch(length);
  if (size !== null && record.size !== null && size !== record.size)
    throw new Problem("inconsistent_length", "This upload already has a different length.");
  const whole = record.size ?? size;
  if (whole === null) return false;
  if (whole > maxFileSize) throw tooLarge(maxFileSize);
  if (whole < length)
    throw new Problem("inconsistent_length", "This upload already has more bytes than that length.");
  if (bytes === undefined) return false;
  if (ends === true && offset + bytes < whole) throw overflow();
  return offset + bytes > whole;
}

/** Reads the body of a request to a complete upload, which must be empty. @throws Problem */
export async function expectEmptyBody(body: RequestBody, { overflow }: AppendRequest): Promise<null> {
  for await (const _ of body.chunks()) throw overflow();
  return null;
}
