// Cross-origin requests: a page of another site cannot use this server through a visitor's browser unless --cors allows it.

import { Elysia } from "elysia";
import { Problem } from "../../errors.ts";
import { isOverTls } from "../../http/target.ts";

const METHODS = [
  "GET",
  "HEAD",
  "PUT",
  "POST",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "PROPFIND",
  "PROPPATCH",
  "MKCOL",
  "MOVE",
  "COPY",
  "LOCK",
  "UNLOCK",
];

/** Request headers that a page of a granted origin may send, for plain uploads, tus, Resumable Uploads for HTTP, and WebDAV. */
const REQUEST_HEADERS = [
  "Authorization",
  "Content-Type",
  "Content-Disposition",
  "Content-Digest",
  "Idempotency-Key",
  "If-Match",
  "If-None-Match",
  "If-Modified-Since",
  "If-Range",
  "If-Unmodified-Since",
  "Last-Event-ID",
  "Last-Modified",
  "Prefer",
  "Range",
  "Repr-Digest",
  "Want-Repr-Digest",
  "X-OC-Mtime",
  "X-Request-Id",
  "X-Requested-With",
  "X-HTTP-Method-Override",
  "Tus-Resumable",
  "Upload-Length",
  "Upload-Offset",
  "Upload-Metadata",
  "Upload-Defer-Length",
  "Upload-Concat",
  "Upload-Checksum",
  "Upload-Complete",
  "Upload-Incomplete",
  "Upload-Draft-Interop-Version",
  "Depth",
  "Destination",
  "If",
  "Lock-Token",
  "Overwrite",
  "Timeout",
];

/** Response headers that it may read. */
const ANSWER_HEADERS = [
  "Accept-Encoding",
  "Accept-Ranges",
  "Content-Length",
  "Content-Range",
  "Location",
  "Content-Location",
  "ETag",
  "Repr-Digest",
  "Server-Timing",
  "X-OC-MTime",
  "X-Request-Id",
  "X-Archive-Bytes",
  "Retry-After",
  "WWW-Authenticate",
  "Preference-Applied",
  "Content-Disposition",
  "Accept-Patch",
  "Tus-Version",
  "Tus-Resumable",
  "Tus-Extension",
  "Tus-Max-Size",
  "Tus-Checksum-Algorithm",
  "Upload-Offset",
  "Upload-Length",
  "Upload-Metadata",
  "Upload-Defer-Length",
  "Upload-Concat",
  "Upload-Expires",
  "Upload-Complete",
  "Upload-Incomplete",
  "Upload-Limit",
  "Upload-Draft-Interop-Version",
  "DAV",
  "Lock-Token",
];

/**
 * Refuses cross-origin requests of browsers with 403 `cross_origin` and answers preflights of granted origins. Other
 * programs send neither `Origin` nor `Sec-Fetch-Site` and are not affected.
 * @param granted origins such as `https://app.example.org`
 */
export function origin(granted: readonly string[]) {
  return new Elysia({ name: "origin" }).onRequest(({ request, set }) => {
    const from = request.headers.get("origin");
    if (from !== null && granted.includes(from)) {
      Object.assign(set.headers, corsHeaders(from));
      if (request.method === "OPTIONS" && request.headers.has("access-control-request-method"))
        return new Response(null, { status: 204, headers: { ...corsHeaders(from), ...preflightHeaders() } });
      return undefined;
    }
    if (isForeign(request, from))
      throw new Problem(
        "cross_origin",
        "A page of another origin sent this request: start the server with --cors ORIGIN to allow that origin.",
      );
    return undefined;
  });
}

function corsHeaders(from: string): Record<string, string> {
  return {
    "access-control-allow-origin": from,
    "timing-allow-origin": from,
    "access-control-expose-headers": ANSWER_HEADERS.join(", "),
    vary: "Origin",
  };
}

function preflightHeaders(): Record<string, string> {
  return {
    "access-control-allow-methods": METHODS.join(", "),
    "access-control-allow-headers": REQUEST_HEADERS.join(", "),
    "access-control-max-age": "600",
  };
}

function isForeign(request: Request, from: string | null): boolean {
  const site = request.headers.get("sec-fetch-site");
  // Set by the browser, out of reach of pages. Correct behind any proxy, whatever Host it forwards.
  if (site === "same-origin" || site === "none") return false;
  if (from !== null) return !isOwn(from, request);
  // Another site may link here; it may not load images, run scripts or submit forms from here.
  if (site === null) return false;
  return !(request.headers.get("sec-fetch-mode") === "navigate" && request.method === "GET");
}

/**
 * Whether the origin is this server. Over TLS a page without TLS is foreign: anybody on the way can write it. Without TLS the
 * scheme is ignored, because a reverse proxy may have removed it.
 */
function isOwn(from: string, request: Request): boolean {
  const url = URL.parse(from);
  if (isOverTls(request) && url?.protocol !== "https:") return false;
  return url !== null && url.host === request.headers.get("host")?.toLowerCase();
}
