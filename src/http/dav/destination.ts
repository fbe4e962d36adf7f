// Destination and Overwrite: where a WebDAV request moves or copies an entry (RFC 4918 sections 10.3 and 10.6).

import { isUtf8 } from "node:buffer";
import { invalidHeader } from "../invalid-header.ts";

/** A scheme and a host, which are not compared: behind a proxy they are not those that the client sees. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/]*/i;

/**
 * The percent-encoded path of `Destination` below a prefix, without a slash at its start.
 * @param prefix the path of the root folder, such as `/dav/`
 * @throws Problem invalid_request when it is missing, or leads elsewhere
 */
export function destinationOf(headers: Headers, prefix: string): string {
  const sent = headers.get("destination");
  if (sent === null)
    throw invalidHeader("Destination", "Send `Destination`: the new URL of the file or folder.");
  if (sent.includes("#") || sent.includes("?"))
    throw invalidHeader(
      "Destination",
      "`Destination` must be the URL of a file or folder, without a query or a fragment.",
    );
  const below = pathBelow(sent, prefix);
  if (below !== null) return below;
  throw invalidHeader("Destination", `\`Destination\` must be below ${prefix} on this server, in UTF-8.`);
}

/**
 * The percent-encoded path of a URL, in a header, below a prefix; null for one that leads elsewhere. A client that reaches the
 * server without the proxy, or a proxy that strips its path from this header, too, knows only the last segment of the prefix.
 */
export function pathBelow(url: string, prefix: string): string | null {
  const target = utf8In(url.trim())?.replace(ORIGIN, "");
  const own = prefix.replace(/^.*(?=\/[^/]+\/$)/, "");
  for (const one of [prefix, own]) if (target?.startsWith(one)) return target.slice(one.length);
  return null;
}

/** Bun reads the bytes of headers as Latin-1; some clients send UTF-8 without encoding it. Null for other bytes, whose name is unknown. */
function utf8In(text: string): string | null {
  const bytes = Buffer.from(text, "latin1");
  return isUtf8(bytes) ? bytes.toString() : null;
}

/** Whether an entry at the destination may be replaced. @throws Problem invalid_request */
export function overwrites(headers: Headers): boolean {
  const sent = headers.get("overwrite")?.trim().toUpperCase() ?? "T";
  if (sent === "T" || sent === "F") return sent === "T";
  throw invalidHeader("Overwrite", "`Overwrite` must be T or F.");
}
