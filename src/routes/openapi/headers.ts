// The headers of requests and answers, described once for the OpenAPI document.

import type { OpenAPIV3 } from "openapi-types";

interface Header {
  description: string;
  example?: string;
  integer?: true;
}

const TAGS = '`*`, or entity tags such as `"5f0-18c2"` (RFC 9110 section 13.1)';

/** What an id of an upload looks like when a client chooses it. */
export const UPLOAD_ID = "^[A-Za-z0-9_-]{8,64}$";

const REQUEST = {
  "If-Match": { description: `Only if the file is the one I know: ${TAGS}` },
  "If-None-Match": { description: `Only if the file is another one, or (with \`*\`) not there: ${TAGS}` },
  "If-Unmodified-Since": {
    description: "Only if the file was not changed after this time; `If-Match` goes before it",
    example: "Thu, 01 Jan 2026 00:00:00 GMT",
  },
  "If-Modified-Since": {
    description: "Only if the file was changed after this time; `If-None-Match` goes before it",
    example: "Thu, 01 Jan 2026 00:00:00 GMT",
  },
  Range: {
    description:
      "Parts of the file (RFC 9110 section 14); more than 16, overlapping ones and other units are answered with all of it",
    example: "bytes=0-1023",
  },
  "If-Range": {
    description:
      "`Range` only if the file still has this entity tag or date; otherwise all of it is answered",
  },
  "Repr-Digest": {
    description: "Digest of the file, checked while it arrives: sha-256 or sha-512 (RFC 9530)",
    example: "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
  },
  "Content-Digest": {
    description:
      "Digest of this request's bytes, checked as `Repr-Digest` is; of a PUT they are the whole file",
  },
  "Want-Repr-Digest": {
    description: "Asks for the digest of the whole file, in the answer's `Repr-Digest`",
    example: "sha-256=9",
  },
  "Content-Disposition": {
    description: "Names the file when the body is one file; `name` goes before it",
    example: 'attachment; filename="photo.jpg"',
  },
  "Tus-Resumable": { description: "The version of tus: with it the request is one of tus", example: "1.0.0" },
  "Upload-Draft-Interop-Version": {
    description: "The version of Resumable Uploads for HTTP: 3, 5, 6, 8 or 10",
    example: "10",
  },
  "Upload-Length": { description: "Bytes of the whole upload", integer: true },
  "Upload-Defer-Length": { description: "Instead of `Upload-Length`: a later request says it", example: "1" },
  "Upload-Metadata": {
    description: "`filename`, `folder` and `relativePath` say where the file goes; each value is base64",
    example: "filename ZmlsbS5ta3Y=",
  },
  "Upload-Concat": {
    description: "`partial` for a part of a file; `final;` and the URLs of parts for the whole",
    example: "partial",
  },
  "Upload-Checksum": {
    description: "Checksum of this request's bytes: sha1, sha256, sha512, md5 or crc32",
    example: "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
  },
  "Upload-Offset": { description: "Where the bytes begin in the upload", integer: true },
  "Upload-Complete": { description: "`?1` with the last bytes, else `?0`", example: "?1" },
  Prefer: {
    description: "With `respond-async` a small copy is made in the background, too (RFC 7240)",
    example: "respond-async",
  },
  "Last-Event-ID": { description: "The id of the last event that was heard: browsers send it by themselves" },
  "X-Request-Id": {
    description:
      "A name for this request, and to follow its upload under `/api/uploads/{id}`: 8 to 64 letters, digits, `-` and `_`. Other values are replaced",
  },
} satisfies Record<string, Header>;

const ANSWER = {
  Location: { description: "URL of the saved file, or of the upload", example: "/files/photos/a.jpg" },
  ETag: { description: "Changes when the content changes; the same after a restart" },
  "Repr-Digest": {
    description: "Digest of the whole file, when `Want-Repr-Digest` asked for one (RFC 9530)",
  },
  "Server-Timing": {
    description: "Where the time went, in milliseconds: what `flow` says, for browsers' tools",
  },
  "Last-Modified": { description: "When the content was last changed" },
  "Content-Length": {
    description: "Bytes of the answer's body; all of the file's unless `Range` asked for less",
    integer: true,
  },
  "Content-Range": {
    description: "Which bytes these are, and how many the file has",
    example: "bytes 0-1023/4096",
  },
  "Content-Disposition": { description: "Name of the file; `attachment` when `download` was asked for" },
  "X-Archive-Bytes": {
    description:
      "Bytes the archive will have if nothing changes meanwhile: of a zip or tar with at most 10,000 entries",
    integer: true,
  },
  "Preference-Applied": { description: "`respond-async` when it was asked for", example: "respond-async" },
  "Retry-After": { description: "Seconds to wait before trying again", integer: true },
  "Content-Location": { description: "URL of the file the upload became" },
  "Upload-Offset": { description: "Where to go on", integer: true },
  "Upload-Length": { description: "Bytes of the whole upload, when known", integer: true },
  "Upload-Expires": { description: "When the upload is forgotten, if nothing comes until then (tus)" },
  "Upload-Complete": { description: "`?1` when the upload is a file (not with tus)" },
  "Upload-Limit": {
    description: "`max-size` in bytes and `max-age` in seconds (not with tus)",
    example: "max-size=53687091200, max-age=86400",
  },
  "Tus-Version": { description: "The versions of tus" },
  "Tus-Extension": { description: "What of tus is there beside its core" },
  "Tus-Max-Size": { description: "Largest file in bytes", integer: true },
  "Accept-Encoding": { description: "The encodings a body may have: only `identity`" },
} satisfies Record<string, Header>;

export type RequestHeader = keyof typeof REQUEST;
export type AnswerHeader = keyof typeof ANSWER;

/** The headers of a request that uploads a whole file: all that `uploadRequest` and `uploadId` read. */
export const UPLOAD_HEADERS = [
  "If-Match",
  "If-None-Match",
  "If-Unmodified-Since",
  "Repr-Digest",
  "Content-Digest",
  "Want-Repr-Digest",
  "X-Request-Id",
] as const satisfies RequestHeader[];

/** Optional request headers, as parameters of an operation. */
export function requestHeaders(...names: RequestHeader[]): OpenAPIV3.ParameterObject[] {
  return names.map((name) => ({ in: "header", name, required: false, ...described(REQUEST[name]) }));
}

/** Headers of an answer, as its `headers`. */
export function answerHeaders(names: readonly AnswerHeader[]): Record<string, OpenAPIV3.HeaderObject> {
  return Object.fromEntries(names.map((name) => [name, described(ANSWER[name])]));
}

function described({ description, example, integer }: Header) {
  const type = integer ? ("integer" as const) : ("string" as const);
  return { description, schema: { type }, ...(example && { example }) };
}
