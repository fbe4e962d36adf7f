// Links of a test server, made over HTTP by an account, and used by visitors.

import { join } from "node:path";
import { LinkShape } from "../../src/routes/openapi/link-shapes.ts";
import { type AccessServer, bearer, startAccessServer } from "./access.ts";
import { bodyIn } from "./answer.ts";
import type { ServerOptions } from "./server.ts";

export interface LinkServer extends AccessServer {
  /** The token of the account `anna`, who may do everything in `home`. */
  anna: string;
  /** Makes a link. @returns its id, its address, and its answer */
  link: (path: string, more?: Record<string, unknown>) => Promise<{ id: string; url: string }>;
  /** A request of `anna` to the API. */
  api: (path: string, method?: string, body?: unknown) => Promise<Response>;
}

/** A server with an account `anna`, and her files `a.txt` and `b.txt` in `home/album`. */
export async function startLinkServer(options: ServerOptions = {}): Promise<LinkServer> {
  let anna = "";
  const server = await startAccessServer((database) => {
    database.account("anna", { home: "all" });
    anna = database.token("anna");
  }, options);
  for (const name of ["a.txt", "b.txt", "sub/c.txt"])
    await Bun.write(join(server.root, "home/album", name), `the file ${name}`);
  await Bun.write(join(server.root, "home/secret.txt"), "the secret");
  const api = (path: string, method = "GET", body?: unknown): Promise<Response> =>
    server.fetch(path, {
      method,
      headers: bearer(anna),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const link = async (path: string, more: Record<string, unknown> = {}) => {
    const answer = await api("/api/links", "POST", { path, ...more });
    if (answer.status !== 201) throw new Error(await answer.text());
    return await bodyIn(LinkShape, answer);
  };
  return { ...server, anna, api, link };
}

/** The cookies that an answer sets, as a browser sends them back. */
export function cookieOf(answer: Response): string {
  return answer.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
}

let drops = 0;

/** Makes a drop with a folder of its own, in which the owner has a file. */
export async function dropOf(
  server: LinkServer,
  more: Record<string, unknown> = {},
): Promise<{ id: string; url: string; path: string }> {
  drops += 1;
  const path = `home/drop${drops}`;
  await Bun.write(join(server.root, path, "own.txt"), "the owner's file");
  return { ...(await server.link(path, { kind: "drop", ...more })), path };
}

/** Sends a file to a link. */
export function putInto(server: () => LinkServer) {
  return (url: string, name: string, body = "text", headers: Record<string, string> = {}) =>
    server().fetch(`${url}/files/${name}`, { method: "PUT", body, headers });
}

/** The paths of all files below a folder. */
export function filesBelow(folder: string): string[] {
  return [...new Bun.Glob("**").scanSync(folder)].sort();
}
