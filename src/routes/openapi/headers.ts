// Descriptions of request and response headers for the OpenAPI document.

import type { OpenAPIV3 } from "openapi-types";

interface Header {
  description: string;
  example?: string;
  integer?: true;
}

const TAGS = '`*`, or entity tags such as `"5f0-18c2"` (RFC 9110 section 13.1)';

/** The pattern of an upload id chosen by a client. */
export const UPLOAD_ID = "^[A-Za-z0-9_-]{8,64}$";

const REQUEST = {
  "If-Match": { description: `Only if the current file matches: ${TAGS}` },
  "If-None-Match": {
    description: `Only if the current file does not match, or (with \`*\`) does not exist: ${TAGS}`,
  },
  "If-Unmodified-Since": {
    description: "Only if the file was not modified after this time; `If-Match` takes precedence",
    example: "Thu, 01 Jan 2026 00:00:00 GMT",
  },
  "If-Modified-Since": {
    description: "Only if the file was modified after this time; `If-None-Match` takes precedence",
    example: "Thu, 01 Jan 2026 00:00:00 GMT",
  },
  Range: {
    description:
      "Ranges of the file (RFC 9110 section 14). More than 16 ranges, overlapping ones and other units are answered with the whole file",
    example: "bytes=0-1023",
  },
  "If-Range": {
    description:
      "Apply `Range` only if the file still has this entity tag or date; otherwise send the whole file",
  },
  "Repr-Digest": {
    description: "Digest of the file, verified during the upload: sha-256 or sha-512 (RFC 9530)",
    example: "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
  },
  "Content-Digest": {
    description:
      "Digest of this request's bytes, verified like `Repr-Digest`; for a PUT they are the whole file",
  },
  "Idempotency-Key": {
    description:
      "Names this request, so that it can be sent again: if its file was saved before, the answer is 200 with that file, whatever `conflict` says. At most 255 characters",
    example: '"8e03978e-40d5-43e8-bc93-6894a57f9324"',
  },
  "Want-Repr-Digest": {
    description: "Requests the digest of the whole file in `Repr-Digest` of the answer",
    example: "sha-256=9",
  },
  "X-OC-Mtime": {
    description:
      "The modification time of the file in seconds since 1970, as ownCloud clients and rclone send it. Times in the future or before 1970-01-02, and other values, are ignored",
    example: "1767225600",
  },
  "Last-Modified": {
    description: "The modification time of the file, unless `X-OC-Mtime` has one",
    example: "Thu, 01 Jan 2026 00:00:00 GMT",
  },
  "Content-Disposition": {
    description: "Names the file when the body is one file; `name` takes precedence",
    example: 'attachment; filename="photo.jpg"',
  },
  "Tus-Resumable": { description: "The tus version; marks a tus request", example: "1.0.0" },
  "Upload-Draft-Interop-Version": {
    description: "The version of Resumable Uploads for HTTP: 3, 5, 6, 8 or 10",
    example: "10",
  },
  "Upload-Length": { description: "Bytes of the whole upload", integer: true },
  "Upload-Defer-Length": {
    description: "Instead of `Upload-Length`, which a later request sends",
    example: "1",
  },
  "Upload-Metadata": {
    description:
      "`filename`, `folder` and `relativePath` give the path of the file, `lastModified` (milliseconds) or `mtime` (seconds) its time; values are base64",
    example: "filename ZmlsbS5ta3Y=",
  },
  "Upload-Concat": {
    description: "`partial` for a part of a file; `final;` and the URLs of the parts for the whole file",
    example: "partial",
  },
  "Upload-Checksum": {
    description: "Checksum of this request's bytes: sha1, sha256, sha512, md5 or crc32",
    example: "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
  },
  "Upload-Offset": { description: "Position of the first byte in the upload", integer: true },
  "Upload-Complete": { description: "`?1` if the body ends the file, else `?0`", example: "?1" },
  Prefer: {
    description: "`respond-async` makes small copies in the background too (RFC 7240)",
    example: "respond-async",
  },
  "Last-Event-ID": { description: "The id of the last event received; browsers send it automatically" },
  "X-Request-Id": {
    description:
      "An id for this request, under which `/api/uploads/{id}` reports its upload: 8 to 64 letters, digits, `-` and `_`. Other values are replaced",
  },
} satisfies Record<string, Header>;

const ANSWER = {
  Location: { description: "URL of the saved file, or of the upload", example: "/files/photos/a.jpg" },
  ETag: { description: "Changes with the content; stable across restarts" },
  "Repr-Digest": {
    description: "Digest of the whole file, if `Want-Repr-Digest` requested it (RFC 9530)",
  },
  "Server-Timing": {
    description: "Where the time went, in milliseconds: the values of `flow`, for developer tools",
  },
  "Last-Modified": { description: "When the content was last changed" },
  "X-OC-MTime": { description: "`accepted` if the file has the time that `X-OC-Mtime` asked for" },
  "Content-Length": {
    description: "Bytes of the body: the whole file, or the requested range",
    integer: true,
  },
  "Content-Range": {
    description: "Position of these bytes, and size of the file",
    example: "bytes 0-1023/4096",
  },
  "Content-Disposition": { description: "Name of the file; `attachment` with `?download`" },
  "X-Archive-Bytes": {
    description:
      "Size of the archive if no file changes in the meantime; only for zip and tar with at most 10,000 entries",
    integer: true,
  },
  "Preference-Applied": { description: "`respond-async` if it was requested", example: "respond-async" },
  "Set-Cookie": { description: "The cookie of the session, or of the visit of a link" },
  "WWW-Authenticate": { description: "The ways to log in", example: `Bearer realm="Sluice"` },
  "Retry-After": { description: "Seconds to wait before trying again", integer: true },
  "Content-Location": { description: "URL of the saved file" },
  "Upload-Offset": { description: "Offset to resume from", integer: true },
  "Upload-Length": { description: "Bytes of the whole upload, if known", integer: true },
  "Upload-Expires": { description: "When the upload expires unless it is resumed (tus)" },
  "Upload-Complete": { description: "`?1` once the upload is complete (not with tus)" },
  "Upload-Limit": {
    description: "`max-size` in bytes and `max-age` in seconds (not with tus)",
    example: "max-size=53687091200, max-age=86400",
  },
  "Tus-Version": { description: "Supported tus versions" },
  "Tus-Extension": { description: "Supported tus extensions" },
  "Tus-Max-Size": { description: "Largest file in bytes", integer: true },
  "Accept-Encoding": { description: "Supported content encodings of request bodies: only `identity`" },
} satisfies Record<string, Header>;

export type RequestHeader = keyof typeof REQUEST;
export type AnswerHeader = keyof typeof ANSWER;

/** The headers of a request that uploads a whole file: everything that `uploadRequest` and `uploadId` read. */
export const UPLOAD_HEADERS = [
  "If-Match",
  "If-None-Match",
  "If-Unmodified-Since",
  "Repr-Digest",
  "Content-Digest",
  "Want-Repr-Digest",
  "Idempotency-Key",
  "X-OC-Mtime",
  "Last-Modified",
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
