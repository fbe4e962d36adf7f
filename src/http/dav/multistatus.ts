// Writes multi-status answers: for each entry its properties, by status (RFC 4918 section 13).

import { elementOf, escapeXml } from "./xml.ts";

export const XML_HEADERS = { "content-type": "application/xml; charset=utf-8", "cache-control": "no-store" };

/** Begins every XML document. */
export const XML_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n';
export const MULTISTATUS_START = `${XML_DECLARATION}<D:multistatus xmlns:D="DAV:">`;
export const MULTISTATUS_END = "\n</D:multistatus>\n";

/** Statuses of properties, as their status lines. */
const LINES = {
  200: "HTTP/1.1 200 OK",
  403: "HTTP/1.1 403 Forbidden",
  404: "HTTP/1.1 404 Not Found",
  409: "HTTP/1.1 409 Conflict",
  424: "HTTP/1.1 424 Failed Dependency",
  507: "HTTP/1.1 507 Insufficient Storage",
} as const;
type PropertyStatus = keyof typeof LINES;

/** Properties with one status. */
export interface Propstat {
  status: PropertyStatus;
  /** XML: the elements of the properties. */
  properties: string;
  /** The precondition that failed, such as `cannot-modify-protected-property`. */
  condition?: string;
}

/**
 * The response about one entry.
 * @param href percent-encoded
 */
export function responseOf(href: string, propstats: readonly Propstat[]): string {
  const stats = propstats.map(
    ({ status, properties, condition }) =>
      `<D:propstat><D:prop>${properties}</D:prop><D:status>${LINES[status]}</D:status>${
        condition === undefined ? "" : `<D:error><D:${condition}/></D:error>`
      }</D:propstat>`,
  );
  return `\n<D:response><D:href>${escapeXml(href)}</D:href>${stats.join("")}</D:response>`;
}

/** An answer about one entry. */
export function multistatus(href: string, propstats: readonly Propstat[]): Response {
  const text = MULTISTATUS_START + responseOf(href, propstats) + MULTISTATUS_END;
  return new Response(text, { status: 207, headers: XML_HEADERS });
}

/**
 * The answer to a request that a precondition of RFC 4918 section 16 forbids.
 * @param inside XML of its element
 */
export function conditionAnswer(status: number, condition: string, inside = ""): Response {
  const element = elementOf(`{DAV:}${condition}`, inside);
  const text = `${XML_DECLARATION}<D:error xmlns:D="DAV:">${element}</D:error>\n`;
  return new Response(text, { status, headers: XML_HEADERS });
}
