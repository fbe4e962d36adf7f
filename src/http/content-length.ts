// Content-Length: how long the body of a request is said to be (RFC 9110 section 8.6).

/**
 * Bytes, `undefined` when nothing is said. The server has checked the value already; one that was sent twice arrives as
 * `5, 5` and counts once.
 */
export function contentLength(headers: Headers): number | undefined {
  const length = headers.get("content-length");
  return length === null ? undefined : Number.parseInt(length, 10);
}
