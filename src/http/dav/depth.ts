// Depth: how far below a folder a WebDAV request goes (RFC 4918 section 10.2).

import { invalidHeader } from "../invalid-header.ts";

export type Depth = "0" | "1" | "infinity";

/**
 * The depth of a request, in any case.
 * @param missing the depth of a request without the header
 * @throws Problem invalid_request for another value than those of `allowed`
 */
export function depthOf<Allowed extends Depth>(
  headers: Headers,
  allowed: readonly Allowed[],
  missing: Allowed,
): Allowed {
  const sent = headers.get("depth");
  if (sent === null) return missing;
  const depth = allowed.find((one) => one === sent.trim().toLowerCase());
  if (depth !== undefined) return depth;
  throw invalidHeader("Depth", `\`Depth\` may be ${allowed.join(", ").replace(/, (?=\w+$)/, " or ")} here.`);
}
