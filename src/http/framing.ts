// Headers that frame a request body: Content-Length, and two that Bun's server does not handle, Trailer and Expect.

import { Problem } from "../errors.ts";

/**
 * Refuses a body with trailers before it is read: Bun answers them with 400 after the body was received, so the client
 * would believe that nothing was saved.
 * @throws Problem unsupported_trailers
 */
export function refuseTrailers(headers: Headers): void {
  if (headers.has("trailer"))
    throw new Problem(
      "unsupported_trailers",
      "`Trailer` announces fields after the body, which this server cannot read: send them as headers, or not at all.",
    );
}

/** Whether the client waits for a `100 Continue` that it does not get: Bun sends it only for `100-continue` in lower case. */
export function lacksContinue(headers: Headers): boolean {
  const expectation = headers.get("expect");
  return expectation !== null && expectation !== "100-continue" && /^100-continue$/i.test(expectation.trim());
}

/**
 * The size in bytes; `undefined` without the header. Bun's server has already validated the value; a duplicate header
 * arrives as `5, 5`, of which the first value counts.
 */
export function contentLength(headers: Headers): number | undefined {
  const length = headers.get("content-length");
  return length === null ? undefined : Number.parseInt(length, 10);
}
