// A server for WebDAV clients: open to anyone, or with an account that logs in with its password or with a token.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { WORDS, type Word } from "../../../src/config/config.ts";
import { PASSWORD, startAccessServer } from "../access.ts";
import { testCertificate } from "../certificate.ts";
import { type ServerOptions, startServer } from "../server.ts";
import { skipped } from "../switches.ts";

/** How clients log in, and connect. */
export const LOGINS = ["anyone", "password", "token", "token over TLS"] as const;
export type LoginKind = (typeof LOGINS)[number];

/** `LOGINS` for a program that trusts only certificates of the system, to which root alone can add one for a test. */
export function loginsFor(program: string): readonly LoginKind[] {
  if (process.geteuid?.() === 0) return LOGINS;
  skipped(`${program} over TLS`, "only root can make it trust a certificate", "run it as root");
  return LOGINS.filter((kind) => kind !== "token over TLS");
}

export interface DavServer extends AsyncDisposable {
  /** The URL of the root in WebDAV, with a slash at its end. */
  url: string;
  /** The served folder. */
  root: string;
  /** The name and password that clients send, if any. */
  login: { name: string; password: string } | null;
  /** The certificate to be trusted, as PEM; null without TLS. */
  certificate: string | null;
  log: string[];
  /** The names in the served folder, sorted, without that of the reserved folder. */
  names: () => Promise<string[]>;
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
  const tls = kind === "token over TLS";
  const server =
    kind === "anyone"
      ? await startServer({ ...options, tls, allow: new Set(words) })
      : await startAccessServer(
          (database) => {
            database.account("anna", { "": words.join(",") });
            token = database.token("anna");
          },
          { ...options, tls },
        );
  const password = kind === "password" ? PASSWORD : token;
  return {
    url: `${server.url}/dav/`,
    root: server.root,
    login: kind === "anyone" ? null : { name: "anna", password },
    certificate: tls ? testCertificate().cert : null,
    log: server.log,
    names: async () => (await readdir(server.root)).filter((name) => name !== ".sluice").toSorted(),
    read: (path) => Bun.file(join(server.root, path)).text(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
