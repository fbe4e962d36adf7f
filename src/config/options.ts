// The table of options: name, default, allowed values and help. Flags, variables, file keys and docs are derived from it.

import { ACME_OPTIONS, acmeConfig } from "./acme-options.ts";
import { CONFLICTS, type Config, LOG_LEVELS, LOGS, WORDS } from "./config.ts";
import { NETWORK_OPTIONS, networkConfig } from "./network-options.ts";
import { type GivenValues, GROUPS, type Option } from "./option.ts";
import { PROVIDER_OPTIONS } from "./provider-options.ts";
import { TLS_OPTIONS, tlsConfig } from "./tls-options.ts";
import { choice, count, duration, grants, headerName, onOff, path, rate, siteUrl, size } from "./values.ts";

/** All options. Within a group, `--help` lists them in this order. */
export const OPTIONS: { readonly [Key in keyof Config]-?: Option<NonNullable<Config[Key]>> } = {
  root: {
    name: "root",
    positional: true,
    placeholder: "ROOT",
    default: "./files",
    ...path("a folder"),
    help: "Folder to serve; created if missing",
    group: "What is served",
  },
  dav: {
    name: "dav",
    placeholder: "STATE",
    default: "on",
    ...onOff(),
    help: "WebDAV at /dav, by which other machines mount the folder: on or off",
    group: "What is served",
  },
  ...NETWORK_OPTIONS,
  ...TLS_OPTIONS,
  ...ACME_OPTIONS,
  allow: {
    name: "allow",
    shorthand: { flag: "-A", value: "all" },
    placeholder: "GRANTS",
    default: "read,write",
    list: true,
    ...grants(WORDS),
    help: "What everyone may do without logging in: list, read, write, replace, delete (comma-separated), all or none; read=photos,write=inbox is for single folders. Once there are accounts, and with --access, --login-header or --oidc-issuer, the default is none",
    group: "Who may do what",
  },
  access: {
    name: "access",
    placeholder: "FILE",
    ...path("a file"),
    help: "File of accounts, grants and links. If unset, .sluice/access.db in the root; needed for a root that is read-only or on a network",
    group: "Who may do what",
  },
  loginHeader: {
    name: "login-header",
    placeholder: "HEADER",
    ...headerName(),
    help: "Header with which a reverse proxy of --trusted-proxy names the account of a request, such as Remote-User",
    group: "Who may do what",
  },
  url: {
    name: "url",
    placeholder: "URL",
    ...siteUrl(),
    help: "Address under which browsers reach the server, such as https://files.example.org; fixes the host name, and the cookies and passkeys of logins",
    group: "How it is reached",
  },
  ...PROVIDER_OPTIONS,
  conflict: {
    name: "conflict",
    placeholder: "WAY",
    ...choice(CONFLICTS),
    help: "If a name is taken: rename, replace or fail. If unset, PUT replaces and everything else renames",
    group: "Who may do what",
  },
  maxFileSize: {
    name: "max-file-size",
    placeholder: "SIZE",
    default: "50GiB",
    ...size(1),
    help: "Largest file; 10GB is 10^10 bytes, 10GiB is 10 x 2^30",
    group: "Limits",
  },
  keepFree: {
    name: "keep-free",
    placeholder: "SIZE",
    default: "1GiB",
    ...size(0),
    help: "Disk space to leave free",
    group: "Limits",
  },
  cap: {
    name: "cap",
    placeholder: "RATE",
    ...rate(),
    help: "Bytes per second of all uploads together, and of all downloads together, such as 20MB. If unset, there is no cap",
    group: "Limits",
  },
  maxUploads: {
    name: "max-uploads",
    placeholder: "COUNT",
    default: "256",
    ...count(1, 100_000),
    help: "Most concurrent uploads; others are told to retry",
    group: "Limits",
  },
  maxUploadsPerClient: {
    name: "max-uploads-per-client",
    placeholder: "N",
    default: "64",
    ...count(1, 100_000),
    help: "Most concurrent uploads from one address; clients on this machine have no such limit",
    group: "Limits",
  },
  maxWaiting: {
    name: "max-waiting",
    placeholder: "COUNT",
    default: "10000",
    ...count(1, 1_000_000),
    help: "Most unfinished uploads that can be resumed; more take the place of the oldest without a byte, or are told to retry",
    group: "Limits",
  },
  maxFiles: {
    name: "max-files",
    placeholder: "COUNT",
    default: "10000",
    ...count(1, 1_000_000),
    help: "Most files in one form",
    group: "Limits",
  },
  maxErrors: {
    name: "max-errors",
    placeholder: "COUNT",
    default: "10",
    ...count(1, 100),
    help: "Most errors in one response; reading stops there",
    group: "Limits",
  },
  idleTimeout: {
    name: "idle-timeout",
    placeholder: "TIME",
    default: "60s",
    ...duration("1s", "255s"),
    help: "Time without data after which a connection is closed",
    group: "Limits",
  },
  uploadExpiry: {
    name: "upload-expiry",
    placeholder: "TIME",
    default: "24h",
    ...duration("1s", "3650d"),
    help: "How long an unfinished upload can be resumed",
    group: "Limits",
  },
  trash: {
    name: "trash",
    placeholder: "TIME",
    ...duration("1s", "3650d"),
    help: "How long removed files and folders can be restored. If unset, they are deleted at once",
    group: "Who may do what",
  },
  drain: {
    name: "drain",
    placeholder: "TIME",
    default: "30s",
    ...duration("0s", "24h"),
    help: "Time for running transfers to finish after SIGTERM or Ctrl-C",
    group: "Stopping and logs",
  },
  log: {
    name: "log",
    placeholder: "FORMAT",
    default: "text",
    ...choice(LOGS),
    help: "Format of log lines on standard error: text or json",
    group: "Stopping and logs",
  },
  logLevel: {
    name: "log-level",
    placeholder: "LEVEL",
    default: "info",
    ...choice(LOG_LEVELS),
    help: "error; warn adds warnings; info adds saved, sent and changed files; debug adds every request",
    group: "Stopping and logs",
  },
};

/** The options file: has a flag and a variable, but is not a key in the file itself. */
export const CONFIG_FILE: Option<string> = {
  name: "config",
  placeholder: "FILE",
  default: "sluice.toml",
  ...path("a file"),
  help: "File of options in TOML; the default is read if it exists",
  group: "What is served",
};

/** Parses texts by option name, with defaults for the others. @throws RangeError for a value that is not allowed */
export function toConfig(given: ReadonlyMap<string, string>): Config {
  const value = <T>(option: Option<T>): T => {
    const parsed = option.parse(given.get(option.name) ?? option.default ?? "");
    if (parsed === undefined) throw new RangeError(`Invalid ${option.name}: use ${option.allowed}`);
    return parsed;
  };
  const values: GivenValues = { value, isGiven: ({ name }) => given.has(name) };
  return {
    root: value(OPTIONS.root),
    dav: value(OPTIONS.dav),
    ...networkConfig(values),
    ...tlsConfig(values),
    ...acmeConfig(values),
    ...(given.has(OPTIONS.allow.name) && { allow: value(OPTIONS.allow) }),
    ...(given.has(OPTIONS.access.name) && { access: value(OPTIONS.access) }),
    ...(given.has(OPTIONS.loginHeader.name) && { loginHeader: value(OPTIONS.loginHeader) }),
    ...(given.has(OPTIONS.url.name) && { url: value(OPTIONS.url) }),
    ...(given.has(OPTIONS.oidcIssuer.name) && { oidcIssuer: value(OPTIONS.oidcIssuer) }),
    ...(given.has(OPTIONS.oidcClient.name) && { oidcClient: value(OPTIONS.oidcClient) }),
    ...(given.has(OPTIONS.oidcSecretFile.name) && { oidcSecretFile: value(OPTIONS.oidcSecretFile) }),
    ...(given.has(OPTIONS.oidcGroup.name) && { oidcGroup: value(OPTIONS.oidcGroup) }),
    maxFileSize: value(OPTIONS.maxFileSize),
    maxWaiting: value(OPTIONS.maxWaiting),
    maxFiles: value(OPTIONS.maxFiles),
    maxErrors: value(OPTIONS.maxErrors),
    maxUploads: value(OPTIONS.maxUploads),
    maxUploadsPerClient: value(OPTIONS.maxUploadsPerClient),
    keepFree: value(OPTIONS.keepFree),
    ...(given.has(OPTIONS.cap.name) && { cap: value(OPTIONS.cap) }),
    idleTimeout: value(OPTIONS.idleTimeout),
    uploadExpiry: value(OPTIONS.uploadExpiry),
    ...(given.has(OPTIONS.conflict.name) && { conflict: value(OPTIONS.conflict) }),
    ...(given.has(OPTIONS.trash.name) && { trash: value(OPTIONS.trash) }),
    drain: value(OPTIONS.drain),
    log: value(OPTIONS.log),
    logLevel: value(OPTIONS.logLevel),
  };
}

/** All options and the options file, in the order of `--help`. */
export const FLAGS: readonly Option<unknown>[] = GROUPS.flatMap((group) =>
  [...Object.values(OPTIONS), CONFIG_FILE].filter((option) => option.group === group),
);

/** The default as shown in the help and the docs. */
export function shownDefault(option: Option<unknown>): string {
  return option.default === undefined ? "unset" : option.default || "none";
}

/** The configuration when no option is given. */
export const defaults: Config = toConfig(new Map());
