// The headers of tus 1.0.0: what a request may say, and what an answer says.

import { Problem } from "../../errors.ts";
import { invalidHeader } from "../invalid-header.ts";
import { CHECKSUMS, type Checksum, parseChecksum } from "./checksum.ts";
import { formatMetadata, type Metadata, parseMetadata } from "./metadata.ts";

/** The one version there is. */
export const TUS_VERSION = "1.0.0";
/** The Content-Type of bytes that are added to an upload. */
export const OFFSET_TYPE = "application/offset+octet-stream";
/** Most parts of a final upload. */
export const MAX_PARTIALS = 1000;

/** `checksum-trailer` is missing: the server below gives no trailers. */
const EXTENSIONS = [
  "creation",
  "creation-with-upload",
  "creation-defer-length",
  "expiration",
  "checksum",
  "termination",
  "concatenation",
  "concatenation-unfinished",
];
const METHODS = ["OPTIONS", "HEAD", "GET", "POST", "PATCH", "DELETE"];
const WHOLE_NUMBER = /^(?:0|[1-9][0-9]*)$/;

/** What `Upload-Concat` makes of an upload. The URLs of a final one are as they were sent: {@link uploadIn} reads them. */
export type Concat = { kind: "partial" } | { kind: "final"; urls: readonly string[] };

/** What a POST says. */
export interface Creation {
  /** Bytes of the whole upload. Null: said later, or the sum of the partials of a final upload. */
  length: number | null;
  metadata: Metadata;
  /** Null: an upload of its own. */
  concat: Concat | null;
  /** Whether the body holds the first bytes. */
  carries: boolean;
  /** Of those bytes. */
  checksum: Checksum | null;
}

/** What a PATCH says. */
export interface Append {
  offset: number;
  /** Only an upload whose length was deferred may be given one, and only once. */
  length: number | null;
  checksum: Checksum | null;
}

/** What an answer tells about an upload. */
export interface UploadState {
  /** Null for a final upload whose partials are not finished. */
  offset: number | null;
  /** Null while it is deferred. */
  length: number | null;
  metadata?: Metadata;
  concat?: Concat | null;
  /** When an unfinished upload is forgotten. */
  expires?: Date;
}

/** Whether a request speaks tus. */
export function speaksTus(headers: Headers): boolean {
  return headers.has("tus-resumable");
}

/**
 * Checks `Tus-Resumable`. Not for OPTIONS, where it is ignored.
 * @throws Problem `unsupported_version`, also when it is missing
 */
export function checkVersion(headers: Headers): void {
  if (headers.get("tus-resumable") === TUS_VERSION) return;
  throw new Problem("unsupported_version", `Send Tus-Resumable: ${TUS_VERSION}.`, {
    headers: { "tus-version": TUS_VERSION },
  });
}

/**
 * The method a request means: `X-HTTP-Method-Override` goes before its own.
 * @throws Problem `invalid_request`: an override with a method tus does not have
 */
export function methodOf(request: { method: string; headers: Headers }): string {
  const override = request.headers.get("x-http-method-override");
  if (override === null) return request.method;
  if (!METHODS.includes(override))
    throw invalidHeader("X-HTTP-Method-Override", `The method must be one of ${METHODS.join(", ")}.`);
  return override;
}

/**
 * Reads a POST.
 * @throws Problem `invalid_request`, `unsupported_type` (a body of another type), `file_too_large` (more digits than a
 * length can have)
 */
export function readCreation(headers: Headers): Creation {
  const concat = parseConcat(headers.get("upload-concat"));
  const length = lengthOf(headers);
  const deferred = isDeferred(headers);
  const carries = contentType(headers) === OFFSET_TYPE;
  if (!carries && hasContent(headers)) throw unsupportedType();
  if (concat?.kind === "final") {
    if (length !== null || deferred)
      throw invalidHeader("Upload-Length", "A final upload has the length of its partials: leave it out.");
    if (hasContent(headers))
      throw invalidHeader("Upload-Concat", "A final upload is made of its partials: send it without a body.");
  } else if ((length === null) !== deferred) {
    throw invalidHeader("Upload-Length", "Send either Upload-Length or Upload-Defer-Length: 1.");
  }
  const metadata = parseMetadata(headers.get("upload-metadata"));
  return { length, metadata, concat, carries, checksum: parseChecksum(headers.get("upload-checksum")) };
}

/**
 * Reads a PATCH.
 * @throws Problem as {@link readCreation}
 */
export function readAppend(headers: Headers): Append {
  if (contentType(headers) !== OFFSET_TYPE) throw unsupportedType();
  const offset = wholeNumber(headers, "Upload-Offset");
  if (offset === null || !Number.isSafeInteger(offset))
    throw invalidHeader("Upload-Offset", "Send Upload-Offset: where these bytes begin in the upload.");
  return { offset, length: lengthOf(headers), checksum: parseChecksum(headers.get("upload-checksum")) };
}

/** The value that is read as this. */
export function formatConcat(concat: Concat): string {
  return concat.kind === "partial" ? "partial" : `final;${concat.urls.join(" ")}`;
}

/** The last segment of the path of an absolute or relative URL: the id, if it is an upload's. Null for what is no URL. */
export function uploadIn(url: string): string | null {
  const path = URL.parse(url, "http://localhost/uploads/")?.pathname;
  return path?.slice(path.lastIndexOf("/") + 1) || null;
}

/** The headers of the answer to HEAD, POST and PATCH. */
export function formatState({ offset, length, metadata, concat, expires }: UploadState) {
  const headers: Record<string, string> = { "tus-resumable": TUS_VERSION };
  if (offset !== null) headers["upload-offset"] = `${offset}`;
  if (length !== null) headers["upload-length"] = `${length}`;
  else if (concat?.kind !== "final") headers["upload-defer-length"] = "1";
  if (metadata && metadata.size > 0) headers["upload-metadata"] = formatMetadata(metadata);
  if (concat) headers["upload-concat"] = formatConcat(concat);
  // An IMF-fixdate (RFC 9110 section 5.6.7).
  if (expires) headers["upload-expires"] = expires.toUTCString();
  return headers;
}

/** The headers of the answer to OPTIONS. @param maxSize largest file in bytes */
export function formatAbilities(maxSize: number): Record<string, string> {
  return {
    "tus-resumable": TUS_VERSION,
    "tus-version": TUS_VERSION,
    "tus-extension": EXTENSIONS.join(","),
    "tus-checksum-algorithm": CHECKSUMS.join(","),
    ...(Number.isSafeInteger(maxSize) && { "tus-max-size": `${maxSize}` }),
  };
}

function parseConcat(header: string | null): Concat | null {
  if (header === null) return null;
  if (header === "partial") return { kind: "partial" };
  const urls = header.startsWith("final;") ? header.slice("final;".length).split(" ").filter(Boolean) : [];
  if (urls.length === 0 || !urls.every((url) => uploadIn(url) !== null))
    throw invalidHeader("Upload-Concat", "Upload-Concat must be `partial`, or `final;` and URLs of uploads.");
  if (urls.length > MAX_PARTIALS)
    throw invalidHeader("Upload-Concat", `A final upload must not have more than ${MAX_PARTIALS} partials.`);
  return { kind: "final", urls };
}

function lengthOf(headers: Headers): number | null {
  const length = wholeNumber(headers, "Upload-Length");
  if (length !== null && !Number.isSafeInteger(length))
    throw new Problem("file_too_large", "No file can be as long as Upload-Length says.");
  return length;
}

/** A header that is there twice arrives as `5, 5`, which is no number. */
function wholeNumber(headers: Headers, name: string): number | null {
  const value = headers.get(name);
  if (value === null) return null;
  if (!WHOLE_NUMBER.test(value)) throw invalidHeader(name, `${name} must be a whole number of bytes.`);
  return Number(value);
}

function isDeferred(headers: Headers): boolean {
  const value = headers.get("upload-defer-length");
  if (value !== null && value !== "1")
    throw invalidHeader("Upload-Defer-Length", "Upload-Defer-Length must be 1.");
  return value === "1";
}

/** The media type without its parameters. */
function contentType(headers: Headers): string | undefined {
  return headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
}

function hasContent(headers: Headers): boolean {
  return headers.has("transfer-encoding") || Number(headers.get("content-length") ?? 0) > 0;
}

function unsupportedType(): Problem {
  return new Problem("unsupported_type", `Send the bytes as Content-Type: ${OFFSET_TYPE}.`);
}
