// The scheme, the host, the path and the query of a request, as the client sent them, and the path that a proxy has removed.

import { urlPath } from "../config/values.ts";

/** The scheme and the host, which the client may have sent in any form. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i;

/**
 * Extracts the path and the query from `request.url`. `new URL` could throw: the host in that URL is the one the client
 * sent, and may be invalid.
 * @returns the path as sent, with its leading slash; the query without the question mark, `""` when there is none
 */
export function targetOf(request: Request): { path: string; query: string } {
  const target = request.url.replace(ORIGIN, "").split("#", 1)[0] ?? "";
  const mark = target.indexOf("?");
  return mark === -1
    ? { path: target, query: "" }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/** The longest prefix that counts, in characters. */
const LONGEST_PREFIX = 200;
const { parse: parsePrefix } = urlPath([]);

/**
 * The path that a proxy has removed from the URL, by `X-Forwarded-Prefix`: `""`, or a path such as `/sluice`. Of several
 * values the last counts, which the nearest proxy has added.
 * @returns undefined without the header, and for one that is no clean absolute path
 */
export function forwardedPrefix(headers: Headers): string | undefined {
  const prefix = headers.get("x-forwarded-prefix")?.split(",").at(-1)?.trim();
  if (!prefix || prefix.length > LONGEST_PREFIX) return undefined;
  return parsePrefix(prefix);
}

/** A registered name or an IPv4 address, or an IPv6 address in brackets, and a port; a comma separates repeated headers. */
const HOST = /^(\[[\da-f:.]{2,45}\]|[\w.~!$&'()*+;=%-]{1,255})(?::\d{0,5})?$/i;

/**
 * The host name of a `Host` header, in lower case, without port, brackets, and the dot that ends an absolute name; null
 * when the header is none (RFC 9112 section 3.2), or was sent more than once.
 */
export function hostOf(header: string): string | null {
  const name = HOST.exec(header)?.[1];
  return name === undefined ? null : name.replace(/^\[(.*)\]$|\.$/g, "$1").toLowerCase();
}

/** Whether a request came by TLS. */
const OVER_TLS = Symbol("over TLS");
declare global {
  interface Request {
    [OVER_TLS]?: true;
  }
}

/** Replaces the path of the URL. */
export function setPath(request: Request, path: string): void {
  const { url } = request;
  const start = ORIGIN.exec(url)?.[0].length ?? 0;
  const { path: old } = targetOf(request);
  setUrl(request, url.slice(0, start) + path + url.slice(start + old.length));
}

/**
 * Makes the path begin with the first slash from index 7, where Elysia looks for it (`standardHostname: false`). Bun's
 * server already has it there in `http://host/path`; in `https://host/path` index 7 is a slash of the scheme, and without
 * a valid host the URL is only the path, or `*`.
 */
export function startPathEarly(request: Request): void {
  const { url } = request;
  if (url.startsWith("http://")) return;
  const overTls = url.startsWith("https://");
  if (overTls) markOverTls(request);
  setUrl(request, `http://${overTls ? url.slice("https://".length) : url.startsWith("/") ? url : "/"}`);
}

/** A URL has no scheme where the request has no valid host, so the listener says it, too. */
export function markOverTls(request: Request): void {
  request[OVER_TLS] = true;
}

/** Whether the request came to this server by TLS. Behind a proxy that speaks plain HTTP to it, it did not. */
export function isOverTls(request: Request): boolean {
  return request[OVER_TLS] === true;
}

/** The scheme and host that the request was sent to; undefined without a valid `Host`. */
export function originSent(request: Request): string | undefined {
  const host = /^http:\/\/([^/?#]+)/.exec(request.url)?.[1];
  if (host === undefined) return undefined;
  return URL.parse(`${isOverTls(request) ? "https" : "http"}://${host}`)?.origin;
}

/** In place: Bun's server would not recognize a copy of the request. */
function setUrl(request: Request, value: string): void {
  Object.defineProperty(request, "url", { value, configurable: true });
}
