// Every option of Sluice, once: its name, default, allowed values and help. Flags, variables, file keys and docs come from here.

import { GROUPS, type Option } from "./option.ts";
import { choice, choices, count, duration, host, origins, path, size } from "./values.ts";

export { formatSize } from "./values.ts";

/** What a person who reaches the port can be allowed to do. `replace`: new content for an existing name. `delete`: remove, and move away. */
export const GRANTS = ["read", "write", "replace", "delete"] as const;
export type Grant = (typeof GRANTS)[number];

/** What happens to an upload whose name is taken. */
export const CONFLICTS = ["rename", "replace", "fail"] as const;
export type Conflict = (typeof CONFLICTS)[number];

/** How log lines look. */
const LOGS = ["text", "json"] as const;
export type Log = (typeof LOGS)[number];

/** How much the log says: each level what the one before says, and more. */
export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** All options with their values, checked. Sizes are bytes, times are seconds (fractions allowed). */
export interface Config {
  /** The served folder, as it was written: relative to the current folder, or absolute. */
  root: string;
  /** An IP address (no brackets, no port) or a host name. */
  host: string;
  /** 0 takes any free port. */
  port: number;
  allow: ReadonlySet<Grant>;
  maxFileSize: number;
  /** Files in one form. */
  maxFiles: number;
  /** Entries of an error list, 1 to 100. */
  maxErrors: number;
  /** Uploads that run at the same time. */
  maxUploads: number;
  /** Unfinished uploads that wait to be resumed. */
  maxWaiting: number;
  /** Bytes that uploads leave free on the file system. */
  keepFree: number;
  /** 1 to 255: longer ones Bun's socket timers cut short. */
  idleTimeout: number;
  uploadExpiry: number;
  /** Unset: each way of uploading has its own default. */
  conflict?: Conflict;
  /** Seconds that removed entries stay in the trash. Unset: there is none. */
  trash?: number;
  /** How long running work may go on after a signal to stop; 0 ends it at once. */
  drain: number;
  /** Origins as browsers send them: lower case, no default port, no path. Never `*`. */
  cors: readonly string[];
  log: Log;
  logLevel: LogLevel;
}

/** The table. The order is that of the help. */
export const OPTIONS: { readonly [Key in keyof Config]-?: Option<NonNullable<Config[Key]>> } = {
  root: {
    name: "root",
    positional: true,
    placeholder: "ROOT",
    default: "./files",
    ...path("a folder"),
    help: "Folder to serve, made if missing",
    group: "What is served",
  },
  host: {
    name: "host",
    placeholder: "ADDRESS",
    default: "127.0.0.1",
    ...host(),
    help: "Address to listen on; all but loopback need --allow",
    group: "What is served",
  },
  port: {
    name: "port",
    short: "-p",
    placeholder: "PORT",
    default: "3000",
    ...count(0, 65_535),
    help: "Port to listen on; 0 takes any free one",
    group: "What is served",
  },
  allow: {
    name: "allow",
    shorthand: { flag: "-A", value: "all" },
    placeholder: "GRANTS",
    default: "read,write",
    list: true,
    ...choices(GRANTS),
    help: "What anyone who reaches the port may do: read, write, replace, delete (commas between), or all",
    group: "Who may do what",
  },
  cors: {
    name: "cors",
    placeholder: "ORIGIN",
    default: "",
    list: true,
    ...origins(),
    help: "Website whose pages may call this server; may be repeated",
    group: "Who may do what",
  },
  conflict: {
    name: "conflict",
    placeholder: "WAY",
    ...choice(CONFLICTS),
    help: "When a name is taken: rename, replace or fail. Unset, PUT replaces and everything else renames",
    group: "Who may do what",
  },
  maxFileSize: {
    name: "max-file-size",
    placeholder: "SIZE",
    default: "50GiB",
    ...size(1),
    help: "Largest file. 10GB is 10^10 bytes, 10GiB is 10 x 2^30",
    group: "Limits",
  },
  keepFree: {
    name: "keep-free",
    placeholder: "SIZE",
    default: "1GiB",
    ...size(0),
    help: "Disk space that uploads leave free",
    group: "Limits",
  },
  maxUploads: {
    name: "max-uploads",
    placeholder: "COUNT",
    default: "256",
    ...count(1, 100_000),
    help: "Uploads at the same time; more are asked to retry",
    group: "Limits",
  },
  maxWaiting: {
    name: "max-waiting",
    placeholder: "COUNT",
    default: "10000",
    ...count(1, 1_000_000),
    help: "Unfinished uploads that can be resumed; more are asked to retry",
    group: "Limits",
  },
  maxFiles: {
    name: "max-files",
    placeholder: "COUNT",
    default: "10000",
    ...count(1, 1_000_000),
    help: "Files in one form",
    group: "Limits",
  },
  maxErrors: {
    name: "max-errors",
    placeholder: "COUNT",
    default: "10",
    ...count(1, 100),
    help: "Errors listed in one answer; reading stops there",
    group: "Limits",
  },
  idleTimeout: {
    name: "idle-timeout",
    placeholder: "TIME",
    default: "60s",
    ...duration("1s", "255s"),
    help: "Silence after which a connection is cut",
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
    help: "How long removed files and folders can be restored. Unset, they are gone at once",
    group: "Who may do what",
  },
  drain: {
    name: "drain",
    placeholder: "TIME",
    default: "30s",
    ...duration("0s", "24h"),
    help: "Time that running transfers get to finish after SIGTERM or Ctrl-C",
    group: "Stopping and logs",
  },
  log: {
    name: "log",
    placeholder: "FORMAT",
    default: "text",
    ...choice(LOGS),
    help: "Log lines on standard error: text or json",
    group: "Stopping and logs",
  },
  logLevel: {
    name: "log-level",
    placeholder: "LEVEL",
    default: "info",
    ...choice(LOG_LEVELS),
    help: "Log errors, also warnings, also what was saved, sent and changed, or every request (debug)",
    group: "Stopping and logs",
  },
};

/** The file of options: a flag and a variable, but no key of itself. */
export const CONFIG_FILE: Option<string> = {
  name: "config",
  placeholder: "FILE",
  default: "sluice.toml",
  ...path("a file"),
  help: "Options in TOML; the default is read when it exists",
  group: "What is served",
};

/** Makes a Config of the texts that were given, by option name. Throws a RangeError for one that is not allowed. */
export function toConfig(given: ReadonlyMap<string, string>): Config {
  const value = <T>(option: Option<T>): T => {
    const parsed = option.parse(given.get(option.name) ?? option.default ?? "");
    if (parsed === undefined) throw new RangeError(`Wrong ${option.name}: use ${option.allowed}`);
    return parsed;
  };
  return {
    root: value(OPTIONS.root),
    host: value(OPTIONS.host),
    port: value(OPTIONS.port),
    allow: value(OPTIONS.allow),
    maxFileSize: value(OPTIONS.maxFileSize),
    maxWaiting: value(OPTIONS.maxWaiting),
    maxFiles: value(OPTIONS.maxFiles),
    maxErrors: value(OPTIONS.maxErrors),
    maxUploads: value(OPTIONS.maxUploads),
    keepFree: value(OPTIONS.keepFree),
    idleTimeout: value(OPTIONS.idleTimeout),
    uploadExpiry: value(OPTIONS.uploadExpiry),
    ...(given.has(OPTIONS.conflict.name) && { conflict: value(OPTIONS.conflict) }),
    ...(given.has(OPTIONS.trash.name) && { trash: value(OPTIONS.trash) }),
    drain: value(OPTIONS.drain),
    cors: value(OPTIONS.cors),
    log: value(OPTIONS.log),
    logLevel: value(OPTIONS.logLevel),
  };
}

/** Everything that can be set, in the order of the help. */
export const FLAGS: readonly Option<unknown>[] = GROUPS.flatMap((group) =>
  [...Object.values(OPTIONS), CONFIG_FILE].filter((option) => option.group === group),
);

/** The default as the help and the docs show it. */
export function shownDefault(option: Option<unknown>): string {
  return option.default === undefined ? "unset" : option.default || "none";
}

/** What holds when nothing is said. */
export const defaults: Config = toConfig(new Map());
