// The headers of tus 1.0.0: parses those of requests, formats those of answers.

import { Problem } from "../../errors.ts";
import { invalidHeader } from "../invalid-header.ts";
import { CHECKSUMS, type Checksum, parseChecksum } from "./checksum.ts";
import { formatMetadata, type Metadata, parseMetadata } from "./metadata.ts";

/** The only supported version. */
export const TUS_VERSION = "1.0.0";
/** The Content-Type of bytes that are appended to an upload. */
export const OFFSET_TYPE = "application/offset+octet-stream";
/** Maximum number of partial uploads in a final upload. */
export const MAX_PARTIALS = 1000;

/** `checksum-trailer` is missing: Bun's server does not expose trailers. */
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

/** The role of an upload by `Upload-Concat`. The URLs of a final one are as sent: {@link uploadIn} parses them. */
export type Concat = { kind: "partial" } | { kind: "final"; urls: readonly string[] };

/** The headers of a POST, parsed. */
export interface Creation {
  /** Bytes of the whole upload. Null: deferred, or the sum of the partials of a final upload. */
  length: number | null;
  metadata: Metadata;
  /** Null: an ordinary upload. */
  concat: Concat | null;
  /** Whether the body holds the first bytes of the upload. */
  hasBytes: boolean;
  /** The checksum of the body. */
  checksum: Checksum | null;
}

/** The headers of a PATCH, parsed. */
export interface Append {
  offset: number;
  /** Allowed once, and only for an upload whose length was deferred. */
  length: number | null;
  checksum: Checksum | null;
}

/** The state of an upload, as answers report it. */
export interface UploadState {
  /** Null for a final upload whose partials are not finished. */
  offset: number | null;
  /** Null while the length is deferred. */
  length: number | null;
  metadata?: Metadata;
  concat?: Concat | null;
  /** When an unfinished upload expires. */
  expires?: Date;
}

/** Whether a request uses tus. */
export function speaksTus(headers: Headers): boolean {
  return headers.has("tus-resumable");
}

/**
 * Checks `Tus-Resumable`. Do not call it for OPTIONS, where tus ignores the header.
 * @throws Problem `unsupported_version`, also when the header is missing
 */
export function checkVersion(headers: Headers): void {
  if (headers.get("tus-resumable") === TUS_VERSION) return;
  throw new Problem("unsupported_version", `Send Tus-Resumable: ${TUS_VERSION}.`, {
    headers: { "tus-version": TUS_VERSION },
  });
}

/**
 * The effective method of a request: `X-HTTP-Method-Override` takes precedence over the request line.
 * @throws Problem `invalid_request`: an override with a method tus does not use
 */
export function methodOf(request: { method: string; headers: Headers }): string {
  const override = request.headers.get("x-http-method-override");
  if (override === null) return request.method;
  if (!METHODS.includes(override))
    throw invalidHeader(
      "X-HTTP-Method-Override",
      `X-HTTP-Method-Override must be one of ${METHODS.join(", ")}.`,
    );
  return override;
}

/**
 * Parses the headers of a POST.
 * @throws Problem `invalid_request`, `unsupported_type` (a body of another type), `file_too_large` (a length beyond
 * 2^53 - 1)
 */
export function readCreation(headers: Headers): Creation {
  const concat = parseConcat(headers.get("upload-concat"));
  const length = lengthOf(headers);
  const deferred = isDeferred(headers);
  const hasBytes = contentType(headers) === OFFSET_TYPE;
  if (!hasBytes && hasContent(headers)) throw unsupportedType();
  if (concat?.kind === "final") {
    if (length !== null || deferred)
      throw invalidHeader(
        "Upload-Length",
        "The length of a final upload is the sum of its partials: omit this header.",
      );
    if (hasContent(headers))
      throw invalidHeader(
        "Upload-Concat",
        "A final upload consists of its partials: send the request without a body.",
      );
  } else if ((length === null) !== deferred) {
    throw invalidHeader("Upload-Length", "Send either Upload-Length or Upload-Defer-Length: 1.");
  }
  const metadata = parseMetadata(headers.get("upload-metadata"));
  return { length, metadata, concat, hasBytes, checksum: parseChecksum(headers.get("upload-checksum")) };
}

/**
 * Parses the headers of a PATCH.
 * @throws Problem as {@link readCreation}
 */
export function readAppend(headers: Headers): Append {
  if (contentType(headers) !== OFFSET_TYPE) throw unsupportedType();
  const offset = wholeNumber(headers, "Upload-Offset");
  if (offset === null || !Number.isSafeInteger(offset))
    throw invalidHeader("Upload-Offset", "Send Upload-Offset: the position of the first byte in the upload.");
  return { offset, length: lengthOf(headers), checksum: parseChecksum(headers.get("upload-checksum")) };
}

/** The value of `Upload-Concat`. */
export function formatConcat(concat: Concat): string {
  return concat.kind === "partial" ? "partial" : `final;${concat.urls.join(" ")}`;
}

/** The last path segment of an absolute or relative URL: the id, if it is the URL of an upload. Null for an invalid URL. */
export function uploadIn(url: string): string | null {
  const path = URL.parse(url, "http://localhost/uploads/")?.pathname;
  return path?.slice(path.lastIndexOf("/") + 1) || null;
}

/** The headers of an answer to HEAD, POST or PATCH. */
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

/** The headers of the answer to OPTIONS. @param maxSize largest file in bytes. @param without extensions that are not offered */
export function formatAbilities(maxSize: number, without: readonly string[] = []): Record<string, string> {
  return {
    "tus-resumable": TUS_VERSION,
    "tus-version": TUS_VERSION,
    "tus-extension": EXTENSIONS.filter((extension) => !without.includes(extension)).join(","),
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
    throw new Problem("file_too_large", "Upload-Length is larger than any file can be.");
  return length;
}

/** A duplicate header arrives as `5, 5`, which is refused. */
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
