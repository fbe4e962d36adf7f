// The problem of an invalid request header.

import { Problem } from "../errors.ts";

/**
 * The problem `invalid_request` that points to a header.
 * @param name in its usual spelling: `Upload-Length`
 * @param detail what the header must be; the value is not quoted, because it can be very long
 */
export function invalidHeader(name: string, detail: string): Problem {
  return new Problem("invalid_request", detail, {
    errors: [{ code: "invalid_value", pointer: `/headers/${name.toLowerCase()}`, detail }],
  });
}
