// Upload-Metadata of tus 1.0.0: parses and formats it, and reads the file's path from it.

import { invalidHeader } from "../invalid-header.ts";

/** Values by key, in the order of the header. A value is arbitrary bytes. */
export type Metadata = ReadonlyMap<string, Uint8Array>;

/** Maximum length of the header in characters: it is stored for as long as the upload exists. */
export const MAX_METADATA = 8192;
/** Maximum number of pairs. */
export const MAX_PAIRS = 64;

const KEY = /^[\x21-\x2b\x2d-\x7e]+$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Parses `key base64,key base64`; the space before an empty value may be missing. Null gives empty metadata.
 * @throws Problem `invalid_request`: too long, a key that is empty, not ASCII or repeated, a value that is not base64
 */
export function parseMetadata(header: string | null): Metadata {
  const metadata = new Map<string, Uint8Array>();
  if (header === null || header.trim() === "") return metadata;
  if (header.length > MAX_METADATA)
    throw invalid(`Upload-Metadata must not be longer than ${MAX_METADATA} characters.`);
  const pairs = header.split(",");
  if (pairs.length > MAX_PAIRS) throw invalid(`Upload-Metadata must not have more than ${MAX_PAIRS} pairs.`);
  for (const pair of pairs) {
    const [key = "", value = "", ...more] = pair.trim().split(" ");
    if (!KEY.test(key) || more.length > 0)
      throw invalid("Upload-Metadata must be pairs of an ASCII key, a space and a base64 value.");
    if (metadata.has(key)) throw invalid("Upload-Metadata must not contain the same key twice.");
    const bytes = fromBase64(value);
    if (bytes === null) throw invalid("A value of Upload-Metadata is not base64 (RFC 4648 section 4).");
    metadata.set(key, bytes);
  }
  return metadata;
}

/** The value of the header for this metadata; `""` when it is empty. */
export function formatMetadata(metadata: Metadata): string {
  return Array.from(metadata, ([key, value]) =>
    value.length === 0 ? key : `${key} ${value.toBase64()}`,
  ).join(",");
}

/** The path a client requests for its file: raw text, not yet validated by `path.ts`. */
export interface Target {
  /** `""` for the root. */
  folder: string;
  /** May contain folders. Null: the client gave no name. */
  name: string | null;
  /** The JSON pointer for errors of the name. */
  pointer: string;
}

/**
 * `relativePath` (which includes the file name, as Uppy sends it), else `filename` in `folder`.
 * @throws Problem `invalid_request`: one of them is not UTF-8
 */
export function targetOf(metadata: Metadata): Target {
  const relative = nameIn(metadata, "relativePath");
  if (relative) return { folder: "", name: relative, pointer: "/metadata/relativePath" };
  const folder = nameIn(metadata, "folder") ?? "";
  return { folder, name: nameIn(metadata, "filename"), pointer: "/metadata/filename" };
}

/** Decodes strict base64: the alphabet of RFC 4648 section 4, padded, unused bits zero. Null for anything else. */
export function fromBase64(text: string): Uint8Array | null {
  // `Uint8Array.fromBase64` alone would skip white space.
  if (!BASE64.test(text)) return null;
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
  } catch {
    return null;
  }
}

/** Clients send the text "null" or "undefined" for a value that they do not have, as Uppy does for `relativePath`. */
function nameIn(metadata: Metadata, key: string): string | null {
  const name = textOf(metadata, key);
  return name === "null" || name === "undefined" ? null : name;
}

function textOf(metadata: Metadata, key: string): string | null {
  const value = metadata.get(key);
  if (value === undefined) return null;
  try {
    return strictUtf8.decode(value);
  } catch {
    throw invalid(`The value of ${key} in Upload-Metadata is not UTF-8.`);
  }
}

function invalid(detail: string) {
  return invalidHeader("Upload-Metadata", detail);
}
