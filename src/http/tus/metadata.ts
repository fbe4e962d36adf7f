// Upload-Metadata of tus 1.0.0: what a client says about a file, and where the file goes.

import { invalidHeader } from "../invalid-header.ts";

/** Values by their keys, in the order they were sent. A value is any bytes. */
export type Metadata = ReadonlyMap<string, Uint8Array>;

/** Longest header, in characters: it is kept as long as the upload is. */
export const MAX_METADATA = 8192;
/** Most pairs. */
export const MAX_PAIRS = 64;

const KEY = /^[\x21-\x2b\x2d-\x7e]+$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads `key base64,key base64`; the space before an empty value may be missing. Null is no metadata.
 * @throws Problem `invalid_request`: too long, a key that is empty, not ASCII or there twice, a value that is not base64
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
    if (metadata.has(key)) throw invalid("Upload-Metadata must not have the same key twice.");
    const bytes = fromBase64(value);
    if (bytes === null) throw invalid("A value of Upload-Metadata is not base64 (RFC 4648 section 4).");
    metadata.set(key, bytes);
  }
  return metadata;
}

/** The header that is read as this metadata; `""` for none. */
export function formatMetadata(metadata: Metadata): string {
  return Array.from(metadata, ([key, value]) =>
    value.length === 0 ? key : `${key} ${value.toBase64()}`,
  ).join(",");
}

/** Where a client wants its file: raw text that `path.ts` has not checked yet. */
export interface Target {
  /** `""` for the root. */
  folder: string;
  /** May hold folders. Null: the client gave no name. */
  name: string | null;
  /** Where errors of the name point to. */
  pointer: string;
}

/**
 * `relativePath` (with the file's name, as Uppy sends it), else `filename` in `folder`.
 * @throws Problem `invalid_request`: one of them is not UTF-8
 */
export function targetOf(metadata: Metadata): Target {
  const relative = textOf(metadata, "relativePath");
  // Uppy writes the null of a file that came without a folder as text.
  if (relative && relative !== "null")
    return { folder: "", name: relative, pointer: "/metadata/relativePath" };
  const folder = textOf(metadata, "folder") ?? "";
  return { folder, name: textOf(metadata, "filename"), pointer: "/metadata/filename" };
}

/** The bytes of strict base64: the alphabet of RFC 4648 section 4, padded, no stray bits. Null for anything else. */
export function fromBase64(text: string): Uint8Array | null {
  // `fromBase64` alone passes over white space.
  if (!BASE64.test(text)) return null;
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
  } catch {
    return null;
  }
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
