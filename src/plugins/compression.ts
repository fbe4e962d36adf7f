// Compresses JSON answers and the web page, never files, off the network thread, and adds ETags to the page's files.

import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { type Context, Elysia } from "elysia";
import { failedCondition, readingPreconditionsOf } from "../http/conditions.ts";
import { chooseEncoding } from "../http/negotiation/accept-encoding.ts";

/** Smaller bodies are not compressed: they fit into about one packet. */
const MIN_BYTES = 1024;
/** Maximum number of cached compressed bodies; the page has some thirty files. */
const MAX_CACHED = 128;

const TYPES = /^(?:application\/json|text\/(?:html|css|javascript)|image\/svg\+xml)\b/;
const CODINGS = ["zstd", "gzip"] as const;
type Coding = (typeof CODINGS)[number];

const zip = promisify(gzip);
const encoders: Record<Coding, (bytes: Uint8Array) => Promise<Uint8Array>> = {
  zstd: (bytes) => Bun.zstdCompress(bytes, { level: 3 }),
  gzip: (bytes) => zip(bytes, { level: 6 }),
};

/** Applies to GET and HEAD of every route, except answers with Content-Disposition, which carry file bytes, or no-transform. */
export function compression() {
  const cache = new Map<string, Uint8Array<ArrayBuffer>>();

  /** Caches bodies with a tag: the files of the page are the same for every client. */
  async function compressed(bytes: Uint8Array, coding: Coding, tag: string | null) {
    const key = `${tag} ${coding}`;
    const cached = tag === null ? undefined : cache.get(key);
    if (cached) return cached;
    const encoded = new Uint8Array(await encoders[coding](bytes));
    if (tag !== null && cache.size < MAX_CACHED) cache.set(key, encoded);
    return encoded;
  }

  async function rewrite(request: Request, answer: Response, set: Context["set"]): Promise<Response> {
    const { status } = answer;
    const headers = new Headers(answer.headers);
    const bytes = await answer.bytes();
    const isPage = status === 200 && !headers.get("content-type")?.startsWith("application/json");
    const tag = isPage ? Bun.hash(bytes).toString(36) : null;
    const chosen =
      bytes.byteLength < MIN_BYTES || isSentByOthers(request)
        ? null
        : chooseEncoding(request.headers.get("accept-encoding"), CODINGS);
    // A Vary header of another plugin must be merged, or this one would replace it.
    const vary = [set.headers["vary"], headers.get("vary"), "Accept-Encoding"].filter(Boolean);
    headers.set("vary", vary.join(", "));
    delete set.headers["vary"];
    headers.delete("content-length");
    if (tag !== null) {
      // Each coding needs an ETag of its own (RFC 9110 section 8.8.3.3).
      const etag = chosen === null ? `"${tag}"` : `"${tag}-${chosen}"`;
      headers.set("etag", etag);
      if (failedCondition(readingPreconditionsOf(request.headers), { etag }) === "If-None-Match")
        return new Response(null, { status: 304, headers: cacheable(headers) });
    }
    if (chosen === null) return new Response(bytes, { status, headers });
    headers.set("content-encoding", chosen);
    // The page differs from folder to folder, and would take the places of its other files.
    const isFile = !headers.get("content-type")?.startsWith("text/html");
    return new Response(await compressed(bytes, chosen, isFile ? tag : null), { status, headers });
  }

  return new Elysia({ name: "compression" }).mapResponse(
    { as: "global" },
    ({ request, responseValue, set }) => {
      if (request.method !== "GET" && request.method !== "HEAD") return;
      if (responseValue instanceof Response) {
        const { headers } = responseValue;
        const compressible =
          TYPES.test(headers.get("content-type") ?? "") &&
          !headers.has("content-disposition") &&
          !headers.get("cache-control")?.includes("no-transform");
        return compressible && responseValue.body !== null ? rewrite(request, responseValue, set) : undefined;
      }
      // Elysia sends a plain object as JSON.
      if (responseValue === null || typeof responseValue !== "object") return;
      if (Object.getPrototypeOf(responseValue) !== Object.prototype) return;
      const text = JSON.stringify(responseValue);
      if (text.length < MIN_BYTES) return;
      const status = typeof set.status === "number" ? set.status : 200;
      const headers = { "content-type": "application/json" };
      return rewrite(request, new Response(text, { status, headers }), set);
    },
  );
}

/**
 * Whether another website made a browser send the request. It could find out texts of the answer by the length of compressed
 * ones (BREACH). Pages of `--cors` send `Origin`.
 */
function isSentByOthers({ headers }: Request): boolean {
  if (headers.has("origin")) return false;
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site !== "same-origin" && site !== "none";
  const from = headers.get("referer");
  return from !== null && URL.parse(from)?.host !== headers.get("host")?.toLowerCase();
}

/** The headers of a 304: none that describe the missing body. */
function cacheable(headers: Headers): Headers {
  const selected = new Headers();
  for (const name of ["etag", "cache-control", "vary"]) {
    const value = headers.get(name);
    if (value !== null) selected.set(name, value);
  }
  return selected;
}
