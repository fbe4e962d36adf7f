// A server for WebDAV clients: open to anyone, or with an account that logs in with its password or with a token.

import { join } from "node:path";
import { WORDS, type Word } from "../../../src/config/config.ts";
import { PASSWORD, startAccessServer } from "../access.ts";
import { type ServerOptions, startServer } from "../server.ts";

/** How clients log in. */
export const LOGINS = ["anyone", "password", "token"] as const;
export type LoginKind = (typeof LOGINS)[number];

export interface DavServer extends AsyncDisposable {
  /** The URL of the root in WebDAV, with a slash at its end. */
  url: string;
  /** The served folder. */
  root: string;
  /** The name and password that clients send, if any. */
  login: { name: string; password: string } | null;
  log: string[];
  /** Reads a file of the served folder as text. */
  read: (path: string) => Promise<string>;
}

/** Starts a server. @param words the grants of the account, or of anyone. By default all */
export async function startDav(
  kind: LoginKind = "anyone",
  words: readonly Word[] = WORDS,
  options: ServerOptions = {},
): Promise<DavServer> {
  let token = "";
  const server =
    kind === "anyone"
      ? await startServer({ ...options, allow: new Set(words) })
      : await startAccessServer((database) => {
          database.account("anna", { "": words.join(",") });
          token = database.token("anna");
        }, options);
  const password = kind === "token" ? token : PASSWORD;
  return {
    url: `${server.url}/dav/`,
    root: server.root,
    login: kind === "anyone" ? null : { name: "anna", password },
    log: server.log,
    read: (path) => Bun.file(join(server.root, path)).text(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
