// The kinds of option values: a description of the allowed values and a parser for each.

import { isIP } from "node:net";
import { Problem } from "../errors.ts";
import { checkFolderPath } from "../path.ts";

/** A kind of value. */
export interface Kind<T> {
  /** Describes the allowed values; completes "use …". */
  readonly allowed: string;
  /** Returns undefined for a text that is not allowed. A list is one comma-separated text. */
  readonly parse: (text: string) => T | undefined;
}

const SIZES = [
  { name: "B", bytes: 1 },
  { name: "kB", bytes: 1e3 },
  { name: "KiB", bytes: 2 ** 10 },
  { name: "MB", bytes: 1e6 },
  { name: "MiB", bytes: 2 ** 20 },
  { name: "GB", bytes: 1e9 },
  { name: "GiB", bytes: 2 ** 30 },
  { name: "TB", bytes: 1e12 },
  { name: "TiB", bytes: 2 ** 40 },
  { name: "PB", bytes: 1e15 },
  { name: "PiB", bytes: 2 ** 50 },
] as const;

const TIMES = [
  { name: "ms", seconds: 0.001 },
  { name: "s", seconds: 1 },
  { name: "m", seconds: 60 },
  { name: "h", seconds: 3600 },
  { name: "d", seconds: 86_400 },
] as const;

/** Digits, an optional fraction and an optional unit; no sign or exponent. The length limits keep it a finite number. */
const QUANTITY = /^(\d{1,16}(?:\.\d{1,16})?)(?: ?([a-z]{1,3}))?$/i;

/** Parses `10GB` (10^10), `1.5GiB`, `500k` or `1024` as bytes, ignoring case; rounds to whole bytes. */
export function parseSize(text: string): number | undefined {
  const [, digits, letters = ""] = QUANTITY.exec(text) ?? [];
  const name = `${letters.replace(/b$/i, "")}B`.toLowerCase();
  const unit = SIZES.find((size) => size.name.toLowerCase() === name);
  return digits === undefined || !unit ? undefined : Math.round(Number(digits) * unit.bytes);
}

/** Parses `60s`, `1.5h`, `24h`, `30d`, `500ms` or `60` as seconds. */
export function parseDuration(text: string): number | undefined {
  const [, digits, name = ""] = QUANTITY.exec(text) ?? [];
  const unit = TIMES.find((time) => time.name === (name || "s"));
  return digits === undefined || !unit ? undefined : Number(digits) * unit.seconds;
}

/** Formats a size as the value of an option: exact if that is short (`10GB`, `1.5GiB`, `1001B`), otherwise rounded to three digits (`1.23GB`). */
export function formatSize(bytes: number): string {
  const units = SIZES.filter((size) => size.bytes <= bytes);
  const [exact] = units
    .map((size) => `${Number((bytes / size.bytes).toFixed(2))}${size.name}`)
    .filter((text) => text.length <= 8 && parseSize(text) === bytes)
    .toSorted((one, other) => one.length - other.length);
  const largest = units.findLast((size) => !size.name.includes("i")) ?? SIZES[0];
  return exact ?? `${Number((bytes / largest.bytes).toPrecision(3))}${largest.name}`;
}

/** A whole number. */
export function count(least: number, most: number): Kind<number> {
  return {
    allowed: `a whole number from ${least} to ${most}`,
    parse: (text) => within(/^\d{1,16}$/.test(text) ? Number(text) : undefined, least, most),
  };
}

/** Bytes, up to 1 PiB: larger values are probably typing errors, and approach the limit of exact integers (2^53). */
export function size(least: number): Kind<number> {
  return {
    allowed: `a size from ${formatSize(least)} to 1PiB, such as 500MB or 1.5GiB`,
    parse: (text) => within(parseSize(text), least, 2 ** 50),
  };
}

/** Bytes per second. A slower transfer would be silent for so long that clients and proxies give up. */
export function rate(): Kind<number> {
  const [least, most] = [10e3, 1e12];
  return {
    allowed: `bytes per second from ${formatSize(least)} to ${formatSize(most)}, such as 5MB`,
    parse: (text) => within(parseSize(text.replace(/\/s$/, "")), least, most),
  };
}

/** Seconds. The bounds are texts such as `1s`. */
export function duration(least: string, most: string): Kind<number> {
  const [from = 0, to = 0] = [parseDuration(least), parseDuration(most)];
  return {
    allowed: `a time from ${least} to ${most}, in ms, s, m, h or d`,
    parse: (text) => within(parseDuration(text), from, to),
  };
}

/** One word of several. */
export function choice<Word extends string>(words: readonly Word[]): Kind<Word> {
  return {
    allowed: sentence(words, "or"),
    parse: (text) => words.find((word) => word === text),
  };
}

/** Whether something is on. */
export function onOff(): Kind<boolean> {
  const { allowed, parse } = choice(["on", "off"]);
  return {
    allowed,
    parse(text) {
      const word = parse(text);
      return word && word === "on";
    },
  };
}

/** Words, each with or without `=FOLDER`; `all` stands for every word, `none` alone for no word. Returned with checked paths. */
export function grants<Word extends string>(
  words: readonly Word[],
): Kind<ReadonlySet<Word | `${Word}=${string}`>> {
  const one = (text: string): (Word | `${Word}=${string}`)[] | undefined => {
    const [name = "", ...rest] = text.split("=");
    const named = name === "all" ? words : words.filter((word) => word === name);
    if (named.length === 0) return undefined;
    if (rest.length === 0) return [...named];
    const folder = folderIn(rest.join("="));
    return folder ? named.map((word) => `${word}=${folder}` as const) : undefined;
  };
  return {
    allowed: `one or more of ${sentence(words, "and")}, separated by commas, all or none; \`read=photos\` is for one folder`,
    parse: (text) => {
      if (text === "none") return new Set();
      const found = split(text).map(one);
      return found.length > 0 && found.every((some) => some !== undefined)
        ? new Set(found.flat())
        : undefined;
    },
  };
}

/** A folder below the root, without a slash at either end; undefined for an invalid path, and for the root itself. */
function folderIn(text: string): string | undefined {
  try {
    return checkFolderPath(text.replace(/^\//, "")) || undefined;
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

/** A path on this machine. Does not check that it exists. */
export function path(what: string): Kind<string> {
  return {
    allowed: `the path of ${what}`,
    // A dash begins a flag whose value was forgotten.
    parse: (text) => (text === "" || text.startsWith("-") || text.includes("\0") ? undefined : text),
  };
}

/** A text of one line. */
export function words(what: string, longest: number): Kind<string> {
  return {
    allowed: `${what}, of at most ${longest} characters`,
    parse: (text) =>
      text === "" || text.startsWith("-") || text.length > longest || /\p{Cc}/u.test(text) ? undefined : text,
  };
}

/** A host name or IP address to listen on. Strips the brackets of IPv6; rejects short forms of IPv4 (`0`, `127.1`). */
export function host(): Kind<string> {
  const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
  const name = new RegExp(`^(?=.{1,253}$)(?!(?:.*\\.)?(?:\\d+|0x[\\da-f]*)$)${label}(?:\\.${label})*$`, "i");
  return {
    allowed: "an IP address or a host name, such as 127.0.0.1, :: or localhost",
    parse: (text) => {
      const address = text.replace(/^\[(.*)\]$/, "$1");
      return isIP(address) || name.test(text) ? address.toLowerCase() : undefined;
    },
  };
}

/** A path below which the server appears, without a slash at the end; `""` is the root of the host. */
export function urlPath(taken: readonly string[]): Kind<string> {
  return {
    allowed: `a path such as /sluice, of letters, digits and ._~- (not below ${sentence(
      taken.map((name) => `/${name}`),
      "or",
    )})`,
    parse: (text) => {
      const path = text.replace(/\/$/, "");
      const [, first = "", ...others] = path.split("/");
      if (
        path !== "" &&
        (!/^(?:\/[\w.~-]+)+$/.test(path) || [first, ...others].some((name) => /^\.+$/.test(name)))
      )
        return undefined;
      return taken.includes(first) ? undefined : path;
    },
  };
}

/** Host names and IP addresses, without ports. The list may be empty. */
export function hosts(): Kind<readonly string[]> {
  const { parse } = host();
  return {
    allowed: "host names such as files.example.org (no scheme, no port; separated by commas)",
    parse: (text) => distinct(listOf(text, parse)),
  };
}

/** Networks, each written as an address or as `address/prefix`; returned with the prefix; `unix` stays as it is. The list may be empty. */
export function networks(): Kind<readonly string[]> {
  return {
    allowed:
      "addresses or networks such as 127.0.0.1 or 10.0.0.0/8, or unix for Unix sockets, separated by commas",
    parse: (text) => listOf(text, network),
  };
}

/** Origins of web pages, as browsers send them in `Origin`. The list may be empty. */
export function origins(): Kind<readonly string[]> {
  return {
    allowed:
      "origins such as https://app.example.com:8443 (scheme, host and port, no path; separated by commas). * is refused: it would let every web page that a user opens access this server through the browser",
    parse: (text) => distinct(listOf(text, origin)),
  };
}

/** The name of a request header. */
export function headerName(): Kind<string> {
  return {
    allowed: "the name of a header, such as Remote-User",
    parse: (text) => (/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/.test(text) ? text.toLowerCase() : undefined),
  };
}

/** The origin of this server, as browsers see it. */
export function siteUrl(): Kind<string> {
  return {
    allowed: "the address of the server, such as https://files.example.org (scheme, host and port, no path)",
    parse: (text) => origin(text.replace(/\/$/, "")),
  };
}

/** The URL of a service on the web, as it writes it itself. */
export function serviceUrl(what: string): Kind<string> {
  return {
    allowed: `the address of ${what} (http only on localhost)`,
    parse: (text) => {
      const url = URL.parse(text);
      if (!url || url.username || url.password || url.search || url.hash) return undefined;
      const local = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
      return url.protocol === "https:" || (url.protocol === "http:" && local) ? text : undefined;
    },
  };
}

function network(text: string): string | undefined {
  if (text === "unix") return text;
  const [address = "", prefix, more] = text.split("/");
  const longest = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  const bits =
    prefix === undefined
      ? longest
      : within(/^\d{1,3}$/.test(prefix) ? Number(prefix) : undefined, 0, longest);
  return longest === 0 || bits === undefined || more !== undefined ? undefined : `${address}/${bits}`;
}

function origin(text: string): string | undefined {
  const url = URL.parse(text);
  const bare = url && !url.username && !url.password && url.href === `${url.origin}/` && !text.includes("*");
  return bare && /^https?:$/.test(url.protocol) ? url.origin : undefined;
}

function within(value: number | undefined, least: number, most: number): number | undefined {
  return value !== undefined && value >= least && value <= most ? value : undefined;
}

/** Elements separated by commas; undefined if one of them is not allowed. The list may be empty. */
export function listOf<T>(text: string, parse: (text: string) => T | undefined): readonly T[] | undefined {
  const found = split(text).map(parse);
  return found.every((one) => one !== undefined) ? found : undefined;
}

function distinct(list: readonly string[] | undefined): readonly string[] | undefined {
  return list && [...new Set(list)];
}

function split(text: string): string[] {
  return text === "" ? [] : text.split(",").map((one) => one.trim());
}

/** `a, b and c` */
function sentence(words: readonly string[], last: string): string {
  return `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}
