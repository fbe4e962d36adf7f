// Parses the headers of one part of a form: its field name and file name (RFC 7578 section 4).

import { decodeExtended } from "content-disposition";
import { isTokenValid } from "content-type";
import { decodeWords, isEncodedWords } from "../disposition/encoded-word.ts";
import { MultipartError } from "./error.ts";

/** The headers of a part, parsed. */
export interface PartHeaders {
  /** The name of the field; "" when a problem of the part makes it unreadable. */
  name: string;
  /**
   * Present, possibly empty, exactly when the part is a file. Decoded as browsers encode it. It may be a path: validate it
   * like any path from a client.
   */
  filename?: string;
  /** As sent, including parameters. */
  contentType?: string;
}

/** Every problem that makes one part unusable but not the others, with the message that the client receives. */
export const PART_PROBLEMS = {
  missing_disposition: 'The part has no Content-Disposition. Send `form-data; name="…"; filename="…"`.',
  invalid_disposition:
    'The Content-Disposition of the part is malformed or ambiguous. Send `form-data; name="…"; filename="…"`, each once.',
  missing_name:
    'The Content-Disposition of the part has no `name`. Send `form-data; name="…"; filename="…"`.',
  invalid_utf8:
    "The field name or file name is not UTF-8, or its encoding is malformed. Send it as plain UTF-8.",
  transfer_encoding:
    "The Content-Transfer-Encoding of the part is not supported. Send the bytes unencoded, without that header.",
} as const;

/** The short, stable name of a problem with one part. */
export type PartProblem = keyof typeof PART_PROBLEMS;

/** The result of {@link readPartHeaders}. With a `problem` the headers only serve to name the part in an error. */
export interface ReadHeaders {
  headers: PartHeaders;
  problem?: PartProblem;
}

const SPACE = 32;
const TAB = 9;
const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Parses the header lines of a part.
 * @param block the lines without the empty line that ends them, one character per byte (ISO 8859-1)
 * @throws MultipartError `invalid_header` or `too_many_headers`
 */
export function readPartHeaders(block: string, maxHeaders: number): ReadHeaders {
  const lines = headerLines(block, maxHeaders);
  const contentType = lines.get("content-type")?.[0];
  const type = contentType === undefined ? {} : { contentType };
  const [disposition, duplicate] = lines.get("content-disposition") ?? [];
  if (disposition === undefined) return { headers: { name: "", ...type }, problem: "missing_disposition" };

  const bytes = Buffer.from(disposition, "latin1");
  const isUtf8 = isValidUtf8(bytes);
  const parameters = duplicate === undefined ? formData(bytes.toString("utf8")) : null;
  if (!parameters) return { headers: { name: "", ...type }, problem: "invalid_disposition" };

  const name = parameters.get("name");
  const filename = fileName(parameters);
  const headers = {
    name: name ?? "",
    ...(filename?.text !== undefined && { filename: filename.text }),
    ...type,
  };
  if (name === undefined) return { headers, problem: "missing_name" };
  if (!isUtf8 || filename?.undecodable) return { headers, problem: "invalid_utf8" };
  const encodings = lines.get("content-transfer-encoding") ?? [];
  if (!encodings.every(isIdentity)) return { headers, problem: "transfer_encoding" };
  return { headers };
}

/**
 * The file name, and whether it could not be decoded; undefined when the part is a field. Browsers send `filename` alone, and
 * RFC 7578 section 4.2 forbids `filename*`: it counts when `filename` is missing (older urllib3) or is only another
 * encoding of it (.NET, older aiohttp).
 */
function fileName(parameters: Map<string, string>): { text: string; undecodable?: true } | undefined {
  const text = parameters.get("filename");
  const extended = parameters.get("filename*");
  if (extended !== undefined && (!text || isEncodedWords(text) || extended.endsWith(`''${text}`))) {
    const decoded = decodeExtended(extended);
    return decoded === undefined ? { text: extended, undecodable: true } : { text: decoded };
  }
  if (text === undefined) return undefined;
  if (!isEncodedWords(text)) return { text };
  const decoded = decodeWords(text);
  return decoded === null ? { text, undecodable: true } : { text: decoded };
}

/** The values of each header by lower-case name. */
function headerLines(block: string, maxHeaders: number): Map<string, string[]> {
  const values = new Map<string, string[]>();
  if (block === "") return values;
  // A line that starts with white space continues the previous one (RFC 5322 section 2.2.3).
  const lines = block.replace(/\r\n(?=[ \t])/g, "").split("\r\n", maxHeaders + 1);
  if (lines.length > maxHeaders) throw new MultipartError("too_many_headers");
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (!isTokenValid(line, 0, colon) || /[\r\n]/.test(line)) throw new MultipartError("invalid_header");
    const name = line.slice(0, colon).toLowerCase();
    const value = trim(line.slice(colon + 1));
    const others = values.get(name);
    if (others) others.push(value);
    else values.set(name, [value]);
  }
  return values;
}

/** The decoded parameters of a `form-data` disposition; null when it has another type or is malformed. */
function formData(disposition: string): Map<string, string> | null {
  const semicolon = disposition.indexOf(";");
  const type = semicolon === -1 ? disposition : trim(disposition.slice(0, semicolon));
  if (type.toLowerCase() !== "form-data") return null;
  if (semicolon === -1) return new Map();
  // Some clients escape a quote, as in `"a\"b"`; browsers send a plain backslash, as in `"C:\"`. Only one reading is valid.
  const text = disposition.slice(semicolon + 1);
  return (text.includes('\\"') ? parameters(text, true) : null) ?? parameters(text, false);
}

/** Scans with `indexOf`: client input never meets a regular expression that can backtrack. */
function parameters(text: string, escapes: boolean): Map<string, string> | null {
  const found = new Map<string, string>();
  let at = skipSpaces(text, 0);
  while (at < text.length) {
    const equals = text.indexOf("=", at);
    if (equals === -1) return null;
    const name = trim(text.slice(at, equals)).toLowerCase();
    if (!isTokenValid(name) || found.has(name)) return null;

    const start = skipSpaces(text, equals + 1);
    if (text[start] === '"') {
      const quote = closingQuote(text, start + 1, escapes);
      if (quote === -1) return null;
      found.set(name, unescapeQuoted(text.slice(start + 1, quote), escapes));
      at = skipSpaces(text, quote + 1);
      if (at < text.length && text[at] !== ";") return null;
    } else {
      const semicolon = text.indexOf(";", start);
      at = semicolon === -1 ? text.length : semicolon;
      const value = trim(text.slice(start, at));
      if (value.includes('"')) return null;
      found.set(name, value);
    }
    at = skipSpaces(text, at + 1);
  }
  return found;
}

function closingQuote(text: string, from: number, escapes: boolean): number {
  let quote = text.indexOf('"', from);
  while (escapes && quote !== -1 && text[quote - 1] === "\\") quote = text.indexOf('"', quote + 1);
  return quote;
}

/** Browsers encode exactly these three; any other `%` or backslash is literal (WHATWG HTML, "Multipart form data"). */
function unescapeQuoted(value: string, escapes: boolean): string {
  const quoted = escapes ? value.replaceAll('\\"', '"') : value;
  return quoted.replace(/%22|%0D|%0A/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)));
}

/** RFC 7578 section 4.7 deprecates the header; these three values leave the bytes unchanged. */
function isIdentity(encoding: string): boolean {
  return ["7bit", "8bit", "binary"].includes(encoding.toLowerCase());
}

function isValidUtf8(bytes: Uint8Array): boolean {
  try {
    strictUtf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Unlike `String.trim`, removes only the white space of RFC 5322. */
function trim(text: string): string {
  let end = text.length;
  while (end > 0 && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(skipSpaces(text, 0), end);
}

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

function isSpace(code: number): boolean {
  return code === SPACE || code === TAB;
}
