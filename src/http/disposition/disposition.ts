// Content-Disposition of whole messages (RFC 6266): reads the file name of a request, formats the header of an answer.

import { create, parse } from "content-disposition";
import { decodeWords, isEncodedWords } from "./encoded-word.ts";

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The file name in the Content-Disposition of a request; null when it is missing or malformed. `filename*` takes
 * precedence (RFC 6266 section 4.3); .NET sends `filename` as an encoded word. The name may contain folders: validate it like any path from a client.
 */
export function filenameOf(header: string | null): string | null {
  if (header === null) return null;
  // A backslash escapes a quote or a backslash. Before any other character the client forgot to escape it: double it, so
  // that `C:\photos\a.jpg` is refused as a path instead of being saved as `C:photosa.jpg`.
  const escaped = fromBytes(header).replace(/\\(["\\]?)/g, (pair, next) => (next === "" ? "\\\\" : pair));
  const name = parse(escaped).parameters["filename"] || null;
  return name !== null && isEncodedWords(name) ? decodeWords(name) : name;
}

/** Makes browsers save the answer under this name. Never throws. */
export function attachment(name: string): string {
  return disposition("attachment", name);
}

/** Makes browsers display the answer; this name is the default when the user saves it. Never throws. */
export function inline(name: string): string {
  return disposition("inline", name);
}

function disposition(type: string, name: string): string {
  // Clients disagree on these characters in a quoted string (RFC 6266 appendix D), so only `filename*` has them.
  const fallback = name.replace(/[^\x20-\x7e]|["\\%]/gu, "_");
  return create(name.toWellFormed(), { type, fallback });
}

/** Fetch decodes headers as Latin-1, one character per byte; clients such as curl send raw UTF-8. */
function fromBytes(header: string): string {
  try {
    return strictUtf8.decode(Buffer.from(header, "latin1"));
  } catch {
    return header;
  }
}
