// WebDAV requests for tests: locks, properties, and the parts of their answers; and the files of the server.

import { expect } from "bun:test";
import { join } from "node:path";

export interface LockOptions {
  scope?: "exclusive" | "shared";
  depth?: "0" | "infinity";
  owner?: string;
  headers?: Record<string, string>;
}

/** A body of LOCK: an exclusive lock without an owner. */
export const EXCLUSIVE_LOCK =
  '<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockinfo>';
/** A body of PROPPATCH: the modification time, as Windows sets it. */
export const MODIFIED =
  '<D:propertyupdate xmlns:D="DAV:" xmlns:Z="urn:schemas-microsoft-com:"><D:set><D:prop><Z:Win32LastModifiedTime>Sat, 01 Jan 2022 10:00:00 GMT</Z:Win32LastModifiedTime></D:prop></D:set></D:propertyupdate>';

interface Server {
  fetch: (path: string, init?: BunFetchRequestInit) => Promise<Response>;
}

/** Functions for the files of a server, and for requests to it. @param server called late: tests start it before all of them */
export function davClient(server: () => Server & { root: string }) {
  const at = (path: string): string => join(server().root, path);
  const send = (
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body: string | null = null,
  ): Promise<Response> => server().fetch(path, { method, headers, body, redirect: "manual" });
  return {
    at,
    write: (path: string, text = "old"): Promise<number> => Bun.write(at(path), text),
    textOf: (path: string): Promise<string> => Bun.file(at(path)).text(),
    send,
    json: (path: string, body: unknown): Promise<Response> =>
      send("POST", path, { "content-type": "application/json" }, JSON.stringify(body)),
  };
}

/** Sends LOCK for a path below /dav/. */
export function requestLock(
  server: Server,
  path: string,
  { scope = "exclusive", depth = "0", owner = "tester", headers = {} }: LockOptions = {},
): Promise<Response> {
  const body = `<?xml version="1.0"?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:${scope}/></D:lockscope><D:locktype><D:write/></D:locktype><D:owner>${owner}</D:owner></D:lockinfo>`;
  return server.fetch(`/dav/${path}`, { method: "LOCK", body, headers: { depth, ...headers } });
}

/** Makes a lock. @returns its token */
export async function lockAt(server: Server, path: string, options: LockOptions = {}): Promise<string> {
  const answer = await requestLock(server, path, options);
  expect([200, 201], await answer.clone().text()).toContain(answer.status);
  return /^<(urn:uuid:[0-9a-f-]{36})>$/.exec(answer.headers.get("lock-token") ?? "")?.[1] ?? "";
}

export const unlock = (
  server: Server,
  path: string,
  token: string,
  headers: Record<string, string> = {},
): Promise<Response> =>
  server.fetch(`/dav/${path}`, { method: "UNLOCK", headers: { "lock-token": `<${token}>`, ...headers } });

/** The header `If` with tokens. */
export const holding = (...tokens: string[]) => ({ if: tokens.map((token) => `(<${token}>)`).join(" ") });

/** Sends PROPPATCH. @param inside the elements `D:set` and `D:remove` */
export function proppatch(
  server: Server,
  path: string,
  inside: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  const body = `<?xml version="1.0"?><D:propertyupdate xmlns:D="DAV:" xmlns:x="urn:x">${inside}</D:propertyupdate>`;
  return server.fetch(`/dav/${path}`, { method: "PROPPATCH", body, headers });
}

/** The answer to PROPFIND, as text. @param names elements such as `<D:lockdiscovery/>`; all properties without */
export async function propfind(
  server: Server,
  path: string,
  names = "",
  headers: Record<string, string> = {},
): Promise<string> {
  const body =
    names === "" ? null : `<D:propfind xmlns:D="DAV:" xmlns:x="urn:x"><D:prop>${names}</D:prop></D:propfind>`;
  const init = { method: "PROPFIND", body, headers: { depth: "0", ...headers } };
  const answer = await server.fetch(`/dav/${path}`, init);
  expect(answer.status).toBe(207);
  return await answer.text();
}

/** The hrefs of a multi-status answer. */
export function hrefsIn(xml: string): string[] {
  return [...xml.matchAll(/<D:href>([^<]*)<\/D:href>/g)].map(([, href = ""]) => href);
}
