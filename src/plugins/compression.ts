// Compresses listings and the web page, never files, beside the network thread; and gives the page's files their tags.

import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { type Context, Elysia } from "elysia";
import { chooseEncoding } from "../http/accept-encoding.ts";
import { failedCondition, readingPreconditionsOf } from "../http/conditions.ts";

/** Less than this is not worth it: it fits into one packet, or nearly. */
const WORTH = 1024;
/** Answers of the page that are kept compressed; the page has some thirty files. */
const MOST_KEPT = 128;

const TYPES = /^(?:application\/json|text\/(?:html|css|javascript)|image\/svg\+xml)\b/;
const CODINGS = ["zstd", "gzip"] as const;
type Coding = (typeof CODINGS)[number];

const zip = promisify(gzip);
const encoders: Record<Coding, (bytes: Uint8Array) => Promise<Uint8Array>> = {
  zstd: (bytes) => Bun.zstdCompress(bytes, { level: 3 }),
  gzip: (bytes) => zip(bytes, { level: 6 }),
};

/** For every route that reads; those that send bytes of files say so by a Content-Disposition, and are left alone. */
export function compression() {
  const kept = new Map<string, Uint8Array<ArrayBuffer>>();

  /** Compressed once, because the files of the page are the same for all. */
  async function compressed(bytes: Uint8Array, coding: Coding, tag: string | null) {
    const key = `${tag} ${coding}`;
    const known = tag === null ? undefined : kept.get(key);
    if (known) return known;
    const made = new Uint8Array(await encoders[coding](bytes));
    if (tag !== null && kept.size < MOST_KEPT) kept.set(key, made);
    return made;
  }

  async function rewrite(request: Request, answer: Response, set: Context["set"]): Promise<Response> {
    const { status } = answer;
    const headers = new Headers(answer.headers);
    const bytes = await answer.bytes();
    const isPage = status === 200 && !headers.get("content-type")?.startsWith("application/json");
    const tag = isPage ? Bun.hash(bytes).toString(36) : null;
    const wanted =
      bytes.byteLength < WORTH ? null : chooseEncoding(request.headers.get("accept-encoding"), CODINGS);
    // What another plugin has said would be replaced by what is said here.
    const vary = [set.headers["vary"], headers.get("vary"), "Accept-Encoding"].filter(Boolean);
    headers.set("vary", vary.join(", "));
    delete set.headers["vary"];
    headers.delete("content-length");
    if (tag !== null) {
      // Each coding has its own (RFC 9110 section 8.8.3.3).
      const etag = wanted === null ? `"${tag}"` : `"${tag}-${wanted}"`;
      headers.set("etag", etag);
      if (failedCondition(readingPreconditionsOf(request.headers), { etag }) === "If-None-Match")
        return new Response(null, { status: 304, headers: cacheable(headers) });
    }
    if (wanted === null) return new Response(bytes, { status, headers });
    headers.set("content-encoding", wanted);
    return new Response(await compressed(bytes, wanted, tag), { status, headers });
  }

  return new Elysia({ name: "compression" }).mapResponse(
    { as: "global" },
    ({ request, responseValue, set }) => {
      if (request.method !== "GET" && request.method !== "HEAD") return;
      if (responseValue instanceof Response) {
        const { headers } = responseValue;
        const fits = TYPES.test(headers.get("content-type") ?? "") && !headers.has("content-disposition");
        return fits && responseValue.body !== null ? rewrite(request, responseValue, set) : undefined;
      }
      // An object is what routes answer in JSON.
      if (responseValue === null || typeof responseValue !== "object") return;
      if (Object.getPrototypeOf(responseValue) !== Object.prototype) return;
      const text = JSON.stringify(responseValue);
      if (text.length < WORTH) return;
      const status = typeof set.status === "number" ? set.status : 200;
      const headers = { "content-type": "application/json" };
      return rewrite(request, new Response(text, { status, headers }), set);
    },
  );
}

/** What a 304 says: nothing about a body it does not have. */
function cacheable(headers: Headers): Headers {
  const kept = new Headers();
  for (const name of ["etag", "cache-control", "vary"]) {
    const value = headers.get(name);
    if (value !== null) kept.set(name, value);
  }
  return kept;
}
