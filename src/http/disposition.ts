// Content-Disposition of whole messages: the name a request gives its body, and how an answer offers a file (RFC 6266).

import { create, parse } from "content-disposition";

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The file name in the Content-Disposition of a request; null when there is none, or none that can be read. `filename*`
 * wins (RFC 6266 section 4.3). Folders in the name are kept: check it like any path of a client.
 */
export function filenameOf(header: string | null): string | null {
  if (header === null) return null;
  // A backslash escapes a quote or a backslash. Before anything else it is one that the client forgot to escape: it is kept,
  // so that `C:\photos\a.jpg` is refused as a path instead of being saved as `C:photosa.jpg`.
  const escaped = fromBytes(header).replace(/\\(["\\]?)/g, (pair, next) => (next === "" ? "\\\\" : pair));
  return parse(escaped).parameters["filename"] || null;
}

/** The header of an answer that browsers save under this name. Never throws, whatever the name. */
export function attachment(name: string): string {
  return disposition("attachment", name);
}

/** The header of an answer that browsers show, and save under this name when asked to. Never throws, whatever the name. */
export function inline(name: string): string {
  return disposition("inline", name);
}

function disposition(type: string, name: string): string {
  // What clients read differently in a quoted string (RFC 6266 appendix D) is only in `filename*`.
  const fallback = name.replace(/[^\x20-\x7e]|["\\%]/gu, "_");
  return create(name.toWellFormed(), { type, fallback });
}

/** Fetch shows each byte of a header as one character; clients such as curl send UTF-8 there without saying so. */
function fromBytes(header: string): string {
  try {
    return strictUtf8.decode(Buffer.from(header, "latin1"));
  } catch {
    return header;
  }
}
