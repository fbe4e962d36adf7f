// Reads Content-Length: the announced size of a request body (RFC 9110 section 8.6).

/**
 * The size in bytes; `undefined` without the header. Bun's server has already validated the value; a duplicate header
 * arrives as `5, 5`, of which the first value counts.
 */
export function contentLength(headers: Headers): number | undefined {
  const length = headers.get("content-length");
  return length === null ? undefined : Number.parseInt(length, 10);
}
