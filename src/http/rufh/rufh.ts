// Resumable Uploads for HTTP (draft-ietf-httpbis-resumable-upload): what its versions have in common, read and written.

import { type BareItem, parseItem, serializeDictionary, serializeItem } from "structured-headers";
import { Problem } from "../../errors.ts";
import { invalidHeader } from "../invalid-header.ts";
import { DRAFTS, type Draft, NEWEST } from "./drafts.ts";

/** The Content-Type of bytes that are added to an upload, from draft -04 on. */
export const PARTIAL_TYPE = "application/partial-upload";

/** Largest Integer of a structured field (RFC 9651 section 3.3.1). */
const MAX_INTEGER = 999_999_999_999_999;

const SIGNS = ["Upload-Draft-Interop-Version", "Upload-Complete", "Upload-Incomplete"];

/** What the request that makes an upload says. */
export interface Start {
  /** Whether its body is, or ends, the whole file. */
  complete: boolean;
  /** Bytes of the whole file; null when nothing says so yet. */
  length: number | null;
}

/** What a request that adds bytes says. */
export interface Addition extends Start {
  offset: number;
}

/** What an answer tells about an upload. */
export interface Progress {
  offset: number;
  complete: boolean;
  length: number | null;
}

/** What an upload is bounded by. */
export interface Limits {
  /** Largest file in bytes. */
  maxSize?: number;
  /** Seconds until an upload is forgotten in which nothing happens. */
  maxAge?: number;
}

/** Whether a request speaks it: only those of a later RFC that have no body (HEAD, DELETE) do not show. */
export function speaksResumable(headers: Headers): boolean {
  return SIGNS.some((name) => headers.has(name));
}

/**
 * The version a request speaks. Without `Upload-Draft-Interop-Version` (an RFC will have none), and for versions not in the
 * table, it is the next newer one, at most the newest.
 */
export function draftOf(headers: Headers): Draft {
  const version = integer(headers, "Upload-Draft-Interop-Version") ?? NEWEST.version;
  return DRAFTS.find((draft) => draft.version >= version) ?? NEWEST;
}

/**
 * Reads the request that makes an upload; null for an ordinary one, which does not say whether it is complete.
 * @throws Problem `inconsistent_length`, `invalid_request`: it is to be a part, as clients of both protocols ask by mistake
 */
export function readStart(draft: Draft, headers: Headers): Start | null {
  if (headers.has("Upload-Concat"))
    throw invalidHeader("Upload-Concat", "Only tus puts parts together: send Tus-Resumable, or one stream.");
  const complete = completeness(draft, headers);
  if (complete === null) return null;
  return { complete, length: agreedLength(headers, complete ? 0 : null) };
}

/**
 * Reads a request that adds bytes (PATCH).
 * @throws Problem `unsupported_type`, `invalid_request`, `inconsistent_length`
 */
export function readAddition(draft: Draft, headers: Headers): Addition {
  const type = headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (draft.typed && type !== PARTIAL_TYPE)
    throw new Problem("unsupported_type", `Send the bytes as Content-Type: ${PARTIAL_TYPE}.`, {
      headers: { "accept-patch": PARTIAL_TYPE },
    });
  const offset = integer(headers, "Upload-Offset");
  if (offset === null)
    throw invalidHeader("Upload-Offset", "Send Upload-Offset: where these bytes begin in the upload.");
  const complete = completeness(draft, headers) ?? draft.unsaid;
  if (complete === null)
    throw invalidHeader(draft.header, `Send ${draft.header}: ?0, or ?1 with the last bytes.`);
  return { offset, complete, length: agreedLength(headers, complete ? offset : null) };
}

/**
 * Checks a request that only asks or cancels (HEAD, DELETE).
 * @throws Problem `invalid_request`: older versions demand that it does not speak of an offset
 */
export function checkBare(draft: Draft, headers: Headers): void {
  const spare = draft.bare.find((name) => headers.has(name));
  if (spare !== undefined) throw invalidHeader(spare, `A request without a body has no ${spare}.`);
}

/** The headers of every answer that is about an upload. */
export function formatProgress(draft: Draft, { offset, complete, length }: Progress): Record<string, string> {
  return {
    "upload-draft-interop-version": `${draft.version}`,
    "upload-offset": `${offset}`,
    [draft.header.toLowerCase()]: serializeItem(draft.inverted ? !complete : complete),
    ...(length !== null && { "upload-length": `${length}` }),
  };
}

/** `Upload-Limit`, where the version has it. */
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
    // A server without limits must still say that it takes uploads.
    "upload-limit": known.length > 0 ? serializeDictionary(Object.fromEntries(known)) : "min-size=0",
  };
}

/** The answer to bytes that begin elsewhere than where the upload stands. */
export function offsetMismatch(draft: Draft, expected: number, provided: number): Problem {
  return new Problem("offset_mismatch", `The current offset is ${expected}; resume from there.`, {
    headers: formatProgress(draft, { offset: expected, complete: false, length: null }),
    members: { "expected-offset": expected, "provided-offset": provided },
  });
}

function completeness(draft: Draft, headers: Headers): boolean | null {
  const said = item(headers, draft.header);
  if (typeof said !== "boolean") return null;
  return draft.inverted ? !said : said;
}

/**
 * The length by `Upload-Length` and, when the body is the last there is, by where it ends.
 * @param start where a body begins that is the last; else null
 */
function agreedLength(headers: Headers, start: number | null): number | null {
  const said = integer(headers, "Upload-Length");
  const content = headers.get("content-length");
  const counted = start === null || content === null ? null : start + Number(content);
  if (said !== null && counted !== null && said !== counted)
    throw new Problem("inconsistent_length", "Upload-Length is not where the last bytes of the body end.");
  return said ?? counted;
}

/** Not negative, and no more than 15 digits; anything else is as if the header were not there, as the draft demands. */
function integer(headers: Headers, name: string): number | null {
  const value = item(headers, name);
  // The parser gives the Decimal `6.0` as the number 6.
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
