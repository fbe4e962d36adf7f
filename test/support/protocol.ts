// The protocol between tests and their servers: HTTP/1.1 in plain text, or what PROTOCOL names, for the same tests over TLS.

/** Values of `PROTOCOL`. With `http2`, `fetch` speaks HTTP/2, and raw connections HTTP/1.1 over TLS. */
const ENCRYPTED = { https: "http1.1", http2: "http2" } as const;

const named = process.env.PROTOCOL ?? "http";
if (named !== "http" && !(named in ENCRYPTED))
  throw new Error(`PROTOCOL=${named} is unknown: use http, https or http2.`);

/** The value for `protocol` of `fetch`; null without TLS. */
export const encrypted = named === "https" || named === "http2" ? ENCRYPTED[named] : null;

/** Whether `fetch` speaks HTTP/2, where a connection has many requests, and headers no spelling. */
export const speaksHttp2 = encrypted === "http2";

/** The name of a session's cookie. */
export const SESSION_COOKIE = encrypted === null ? "sluice" : "__Host-sluice";

/** The options of programs that accept the certificate of a test server, and speak the same protocol as `fetch`. */
export const TRUSTING = {
  curl: encrypted === null ? [] : ["-k", speaksHttp2 ? "--http2" : "--http1.1"],
  aria2c: encrypted === null ? [] : ["--check-certificate=false"],
};

const plain = globalThis.fetch;

/** The certificates of test servers have no authority that a client knows. */
async function trusting(url: string | URL | Request, init?: BunFetchRequestInit): Promise<Response> {
  const address = url instanceof Request ? url.url : `${url}`;
  if (encrypted === null || !address.startsWith("https:")) return await plain(url, init);
  return await plain(url, { protocol: encrypted, tls: { rejectUnauthorized: false }, ...init });
}

if (encrypted !== null) globalThis.fetch = Object.assign(trusting, { preconnect: plain.preconnect });
