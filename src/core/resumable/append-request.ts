// A request that appends bytes to an upload, and the checks made before its body is read.

import { Problem } from "../../errors.ts";
import type { DigestAlgorithm } from "../../http/digest.ts";
import { tooLarge } from "../admission/free-space.ts";
import type { RequestBody } from "../upload/request-body.ts";
import type { UploadState } from "./state/record.ts";

/** The body of a request that is being received. */
export interface IncomingBody {
  body: RequestBody;
  /** Called when the last byte has arrived and only storage work remains. */
  saving: () => void;
  close: () => void;
}

/** A checksum of one request's bytes; on a mismatch all of them are discarded. */
export interface Check {
  /** Seconds spent hashing. */
  readonly seconds: number;
  update(chunk: Uint8Array): void;
  /** Called once, after the last byte. @throws Problem checksum_mismatch, digest_mismatch */
  finish(): unknown;
}

/** A parsed request that appends bytes. */
export interface AppendRequest {
  offset: number;
  /** Bytes of the whole upload; null when this request does not state them. */
  size: number | null;
  /** Bytes of this request's body, `undefined` when unknown. */
  bytes: number | undefined;
  /** Whether these bytes complete the upload; `length`: only if they reach its size. */
  ends: boolean | "length";
  checks: readonly Check[];
  /** The digest of the whole file to report on completion. */
  wanted: DigestAlgorithm | null;
  /** Creates the problem of a body that is longer or shorter than the upload's length allows. */
  overflow: () => Problem;
  /** Whether bytes past the upload's length make the upload fail permanently. */
  overflowInvalidates: boolean;
  /** Creates the problem of a request whose offset is not the current one. */
  mismatch: (offset: number) => Problem;
  /** Starts to receive the body; called once the request holds the lock. @throws Problem */
  receive: () => IncomingBody;
}

/**
 * Checks a request against the state of the upload, before its body is read.
 * @returns whether the announced bytes exceed the length of the upload
 * @throws Problem offset_mismatch, inconsistent_length, file_too_large, concatenated_upload
 */
export function checkAppend(
  { offset, size, bytes, ends, overflow, mismatch }: AppendRequest,
  { record, length }: { record: UploadState; length: number },
  maxFileSize: number,
): boolean {
  if (record.concat?.kind === "final")
    throw new Problem(
      "concatenated_upload",
      "This upload is concatenated from other uploads, so no bytes can be appended to it.",
    );
  if (offset !== length) throw mismatch(length);
  if (size !== null && record.size !== null && size !== record.size)
    throw new Problem(
      "inconsistent_length",
      `The request states a length of ${size} bytes, but this upload has the length ${record.size}.`,
    );
  const total = record.size ?? size;
  if (total === null) return false;
  if (total > maxFileSize) throw tooLarge(maxFileSize);
  if (total < length)
    throw new Problem(
      "inconsistent_length",
      `The stated length is ${total} bytes, but this upload already has ${length}. Start a new upload.`,
    );
  if (bytes === undefined) return false;
  if (ends === true && offset + bytes < total) throw overflow();
  return offset + bytes > total;
}

/** Reads the body of a request to a complete upload; it must be empty. @throws Problem */
export async function expectEmptyBody(body: RequestBody, { overflow }: AppendRequest): Promise<null> {
  for await (const _ of body.chunks()) throw overflow();
  return null;
}
