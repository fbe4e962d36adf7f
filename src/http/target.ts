// The target of a request: its path and query, without trusting the Host that a client sent.

/**
 * Cuts them out of `request.url`. That URL cannot be given to `new URL` unseen: its host is what the client sent, and
 * may be none, which would throw.
 * @returns the path as it was sent, from its slash on; the query without its question mark, `""` when there is none
 */
export function targetOf(request: Request): { path: string; query: string } {
  const target = request.url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "").split("#", 1)[0] ?? "";
  const mark = target.indexOf("?");
  return mark === -1
    ? { path: target, query: "" }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}
