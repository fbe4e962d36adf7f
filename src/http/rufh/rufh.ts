// The headers of Resumable Uploads for HTTP (draft-ietf-httpbis-resumable-upload), parsed and formatted for every version.

import { type BareItem, parseItem, serializeDictionary, serializeItem } from "structured-headers";
import { Problem } from "../../errors.ts";
import { invalidHeader } from "../invalid-header.ts";
import { DRAFTS, type Draft, NEWEST } from "./drafts.ts";

/** The Content-Type of bytes that are appended to an upload, since draft -04. */
export const PARTIAL_TYPE = "application/partial-upload";

/** The largest Integer of a structured field (RFC 9651 section 3.3.1). */
const MAX_INTEGER = 999_999_999_999_999;

/** Any of these headers marks a request of this protocol. */
const MARKERS = ["Upload-Draft-Interop-Version", "Upload-Complete", "Upload-Incomplete"];

/** The headers of a request that creates an upload, parsed. */
export interface Start {
  /** Whether the body reaches the end of the file. */
  complete: boolean;
  /** Bytes of the whole file; null while it is unknown. */
  length: number | null;
}

/** The headers of a request that appends bytes, parsed. */
export interface Append extends Start {
  offset: number;
}

/** The state of an upload, as answers report it. */
export interface Progress {
  offset: number;
  complete: boolean;
  length: number | null;
}

/** The limits of an upload. */
export interface Limits {
  /** Largest file in bytes. */
  maxSize?: number;
  /** Seconds of inactivity after which an upload expires. */
  maxAge?: number;
}

/** Whether a request uses this protocol. HEAD and DELETE without a version header, as a final RFC may have, are not recognized. */
export function speaksResumable(headers: Headers): boolean {
  return MARKERS.some((name) => headers.has(name));
}

/**
 * The version of a request: the oldest one in the table that is at least `Upload-Draft-Interop-Version`, else the newest;
 * also the newest without that header, which a final RFC will not have.
 */
export function draftOf(headers: Headers): Draft {
  const version = integer(headers, "Upload-Draft-Interop-Version") ?? NEWEST.version;
  return DRAFTS.find((draft) => draft.version >= version) ?? NEWEST;
}

/**
 * Parses a request that creates an upload; null for an ordinary POST, which does not state whether it is complete.
 * @throws Problem `inconsistent_length`, `invalid_request` (`Upload-Concat`, which clients of both protocols send by mistake)
 */
export function readStart(draft: Draft, headers: Headers): Start | null {
  if (headers.has("Upload-Concat"))
    throw invalidHeader(
      "Upload-Concat",
      "Only tus supports concatenation: add Tus-Resumable, or send the file as one upload.",
    );
  const complete = completeness(draft, headers);
  if (complete === null) return null;
  return { complete, length: agreedLength(headers, complete ? 0 : null) };
}

/**
 * Parses a request that appends bytes (PATCH).
 * @throws Problem `unsupported_type`, `invalid_request`, `inconsistent_length`
 */
export function readAppend(draft: Draft, headers: Headers): Append {
  const type = headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (draft.typed && type !== PARTIAL_TYPE)
    throw new Problem("unsupported_type", `Send the bytes as Content-Type: ${PARTIAL_TYPE}.`, {
      headers: { "accept-patch": PARTIAL_TYPE },
    });
  const offset = integer(headers, "Upload-Offset");
  if (offset === null)
    throw invalidHeader("Upload-Offset", "Send Upload-Offset: the position of the first byte in the upload.");
  const complete = completeness(draft, headers) ?? draft.completeByDefault;
  if (complete === null)
    throw invalidHeader(draft.header, `Send ${draft.header}: ?0, or ?1 with the last bytes.`);
  return { offset, complete, length: agreedLength(headers, complete ? offset : null) };
}

/**
 * Checks a request without a body (HEAD, DELETE).
 * @throws Problem `invalid_request`: older versions forbid some headers there
 */
export function checkNoBodyHeaders(draft: Draft, headers: Headers): void {
  const forbidden = draft.forbidden.find((name) => headers.has(name));
  if (forbidden !== undefined)
    throw invalidHeader(forbidden, `A request without a body must not have ${forbidden}: omit it.`);
}

/** The headers of every answer about an upload. */
export function formatProgress(draft: Draft, { offset, complete, length }: Progress): Record<string, string> {
  return {
    "upload-draft-interop-version": `${draft.version}`,
    "upload-offset": `${offset}`,
    [draft.header.toLowerCase()]: serializeItem(draft.inverted ? !complete : complete),
    ...(length !== null && { "upload-length": `${length}` }),
  };
}

/** The header `Upload-Limit`, for the versions that define it. */
export function formatLimits(draft: Draft, { maxSize, maxAge }: Limits): Record<string, string> {
  if (draft.ageKey === null) return {};
  const limits: [string, number | undefined][] = [
    ["max-size", maxSize],
    [draft.ageKey, maxAge],
  ];
  const known = limits.flatMap(([key, limit]): [string, number][] =>
    limit !== undefined && limit <= MAX_INTEGER ? [[key, Math.floor(limit)]] : [],
  );
  return {
    // Without limits the header is still sent: it announces that the server supports resumable uploads.
    "upload-limit": known.length > 0 ? serializeDictionary(Object.fromEntries(known)) : "min-size=0",
  };
}

/** The problem of a request whose offset is not the current offset of the upload. */
export function offsetMismatch(draft: Draft, expected: number, provided: number): Problem {
  return new Problem("offset_mismatch", `The current offset is ${expected}; resume from there.`, {
    headers: formatProgress(draft, { offset: expected, complete: false, length: null }),
    members: { "expected-offset": expected, "provided-offset": provided },
  });
}

function completeness(draft: Draft, headers: Headers): boolean | null {
  const flag = item(headers, draft.header);
  if (typeof flag !== "boolean") return null;
  return draft.inverted ? !flag : flag;
}

/**
 * The length of the file by `Upload-Length` and, when the body is the last one, by the position of its end.
 * @param start the offset of the body if it is the last one, else null
 */
function agreedLength(headers: Headers, start: number | null): number | null {
  const declared = integer(headers, "Upload-Length");
  const content = headers.get("content-length");
  const computed = start === null || content === null ? null : start + Number(content);
  if (declared !== null && computed !== null && declared !== computed)
    throw new Problem("inconsistent_length", "Upload-Length differs from the position where the body ends.");
  return declared ?? computed;
}

/** A non-negative Integer of at most 15 digits; any other value counts as absent, as the draft requires. */
function integer(headers: Headers, name: string): number | null {
  const value = item(headers, name);
  // The parser returns the Decimal `6.0` as the number 6.
  const decimal = /^ *-?\d+\./.test(headers.get(name) ?? "");
  return typeof value === "number" && !decimal && value >= 0 ? value : null;
}

function item(headers: Headers, name: string): BareItem | null {
  const value = headers.get(name);
  if (value === null) return null;
  try {
    return parseItem(value)[0];
  } catch {
    return null;
  }
}
