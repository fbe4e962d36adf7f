// A request that adds bytes to an upload: what it says, and what is refused before a byte of it is read.

import { Problem } from "../../errors.ts";
import type { DigestAlgorithm } from "../../http/digest.ts";
import { tooLarge } from "../admission/free-space.ts";
import type { RequestBody } from "../upload/request-body.ts";
import type { UploadState } from "./record.ts";

/** A request being received. */
export interface IncomingBody {
  body: RequestBody;
  /** Called when the last byte arrived and only this server is still at work. */
  saving: () => void;
  close: () => void;
}

/** Something that is compared of one request's bytes: when they are others, none of them stays. */
export interface Check {
  /** Seconds spent. */
  readonly seconds: number;
  update(chunk: Uint8Array): void;
  /** Called once, after the last byte. @throws Problem checksum_mismatch, digest_mismatch */
  finish(): unknown;
}

/** What a request that adds bytes says. */
export interface AppendRequest {
  offset: number;
  /** Bytes of the whole upload, when this request says so. */
  size: number | null;
  /** Bytes of this request, when announced. */
  bytes: number | undefined;
  /** Whether it is complete after these bytes; `length`: when they reach its size. */
  ends: boolean | "length";
  checks: readonly Check[];
  /** The digest of the whole that is to be told when it is complete. */
  wanted: DigestAlgorithm | null;
  /** The problem of bytes that do not end where the upload ends. */
  overflow: () => Problem;
  /** Whether bytes behind the end make the upload useless. */
  spoils: boolean;
  /** The problem of an offset at which the upload does not stand. */
  mismatch: (stands: number) => Problem;
  /** Begins to receive: called when it is this request's turn. @throws Problem */
  receive: () => IncomingBody;
}

/**
 * @returns whether the bytes that are announced go past the end of the upload
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
    throw new Problem("inconsistent_length", "The upload has another length already.");
  const whole = record.size ?? size;
  if (whole === null) return false;
  if (whole > maxFileSize) throw tooLarge(maxFileSize);
  if (whole < length) throw new Problem("inconsistent_length", "The upload is longer already.");
  if (bytes === undefined) return false;
  if (ends === true && offset + bytes < whole) throw overflow();
  return offset + bytes > whole;
}

/** Reads the body of a request to a complete upload, which must be empty. @throws Problem */
export async function expectEmptyBody(body: RequestBody, { overflow }: AppendRequest): Promise<null> {
  for await (const _ of body.chunks()) throw overflow();
  return null;
}
