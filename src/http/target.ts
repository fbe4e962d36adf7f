// The path and query of a request, without relying on the Host that the client sent.

/**
 * Extracts both from `request.url`. `new URL` could throw: the host in that URL is the one the client sent, and may be
 * invalid.
 * @returns the path as sent, with its leading slash; the query without the question mark, `""` when there is none
 */
export function targetOf(request: Request): { path: string; query: string } {
  const target = request.url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "").split("#", 1)[0] ?? "";
  const mark = target.indexOf("?");
  return mark === -1
    ? { path: target, query: "" }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}
