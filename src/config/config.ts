// The values of all options, and the words that some of them allow.

import type { ListenAddress } from "./listen-address.ts";

/**
 * Permissions at a folder and everything below it. `list`: names and sizes. `read`: bytes, and what `list` gives. `write`: new
 * entries. `replace`: overwrite an existing file. `delete`: remove or move an entry. `share`: make links.
 */
export const WORDS = ["list", "read", "write", "replace", "delete", "share"] as const;
export type Word = (typeof WORDS)[number];

/** One element of `--allow`: a word for the root, or `write=inbox` for a folder. The path is checked and has no slash at either end. */
export type Grant = Word | `${Word}=${string}`;

/** The word of a grant: `write` for `write=inbox`. */
export function wordOf(grant: Grant): Word | undefined {
  const [name] = grant.split("=", 1);
  return WORDS.find((word) => word === name);
}

/** The words that are granted at some folder. */
export function grantedWords(allow: ReadonlySet<Grant>): ReadonlySet<Word | undefined> {
  return new Set([...allow].map(wordOf));
}

/** Policies for an upload whose name is taken. */
export const CONFLICTS = ["rename", "replace", "fail"] as const;
export type Conflict = (typeof CONFLICTS)[number];

/** Formats of log lines. */
export const LOGS = ["text", "json"] as const;
export type Log = (typeof LOGS)[number];

/** Log levels; each includes the ones before it. */
export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The validated values of all options. Sizes are bytes, times are seconds (fractions allowed). */
export interface Config {
  /** The served folder as the user wrote it: absolute, or relative to the current folder. */
  root: string;
  /** An IP address (no brackets, no port) or a host name. */
  host: string;
  /** 0 chooses any free port. */
  port: number;
  /** The addresses to listen on; if there are none, that of `host` and `port`. */
  listen: readonly ListenAddress[];
  /** The path below which a proxy shows the server: `""`, or such as `/sluice`. */
  basePath: string;
  /** Files of certificates; if there are any, ports speak TLS. */
  tlsCert: readonly string[];
  /** Files of their private keys, in the same order; if there are none, the files of certificates have them. */
  tlsKey: readonly string[];
  /** Seconds for which browsers use this host with TLS only (Strict-Transport-Security). Unset: the header is not sent. */
  hsts?: number;
  /** Whether HTTP/2 and HTTP/3 are offered beside TLS. */
  http2: boolean;
  http3: boolean;
  /** Whether WebDAV is served at `/dav`. */
  dav: boolean;
  /** The permissions of everyone who can reach the port. Unset: `read,write`, or nothing once there are accounts. */
  allow?: ReadonlySet<Grant>;
  /** The file of accounts, grants and links. Unset: `.sluice/access.db` in the root. */
  access?: string;
  /** The header with which a trusted proxy names the account of a request. */
  loginHeader?: string;
  /** The origin under which browsers reach the server, such as `https://files.example.org`. */
  url?: string;
  /** The identity provider; the other options of `oidc` need it. */
  oidcIssuer?: string;
  oidcClient?: string;
  oidcSecretFile?: string;
  oidcGroup?: string;
  maxFileSize: number;
  /** Most files in one form. */
  maxFiles: number;
  /** Most entries of an error list, 1 to 100. */
  maxErrors: number;
  /** Most concurrent uploads. */
  maxUploads: number;
  /** Most concurrent uploads of one client. */
  maxUploadsPerClient: number;
  /** Most unfinished uploads that can be resumed. */
  maxWaiting: number;
  /** Bytes per second of all uploads together, and of all downloads together. Unset: no cap. */
  cap?: number;
  /** Bytes of the file system that uploads must leave free. */
  keepFree: number;
  /** 1 to 255, the longest timeout that Bun's socket timers support. */
  idleTimeout: number;
  uploadExpiry: number;
  /** Unset: the default depends on the upload protocol. */
  conflict?: Conflict;
  /** Seconds for which removed entries stay in the trash. Unset: no trash. */
  trash?: number;
  /** How long running transfers may continue after a stop signal; 0 ends them at once. */
  drain: number;
  /** Networks, each as `address/prefix`, whose proxies report the addresses of clients; `unix` stands for Unix sockets. */
  trustedProxy: readonly string[];
  /** Origins as browsers send them: lower case, no default port, no path. Never `*`. */
  cors: readonly string[];
  /** Lower case, without a port. */
  hostname: readonly string[];
  /** Hosts for which certificates are ordered, in lower case. */
  acme: readonly string[];
  acmeEmail?: string;
  /** The URL of the authority's directory. Unset: that of Let's Encrypt. */
  acmeDirectory?: string;
  acmeEabFile?: string;
  /** Whether the terms of the authority are accepted. */
  acmeAcceptTerms: boolean;
  /** The port of the plain listener. Unset: 80 with `acme`, otherwise none. */
  redirectPort?: number;
  log: Log;
  logLevel: LogLevel;
}
