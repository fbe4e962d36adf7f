// A request header that cannot be what it says.

import { Problem } from "../errors.ts";

/**
 * The problem `invalid_request` that points to a header.
 * @param name as people write it: `Upload-Length`
 * @param detail what the header must be; its value is not repeated, for it can be as long as the request
 */
export function invalidHeader(name: string, detail: string): Problem {
  return new Problem("invalid_request", detail, {
    errors: [{ code: "invalid_value", pointer: `/headers/${name.toLowerCase()}`, detail }],
  });
}
