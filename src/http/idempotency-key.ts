// Parses Idempotency-Key, by which a repeated request is recognized (draft-ietf-httpapi-idempotency-key-header).

import { parseItem } from "structured-headers";
import { invalidHeader } from "./invalid-header.ts";

const MAX_LENGTH = 255;
/** Most clients send a UUID without the quotes that the draft asks for. */
const BARE = /^[\w.:~+/=-]+$/;

/** The key of a request, undefined when it has none. @throws Problem `invalid_request` */
export function idempotencyKey(headers: Headers): string | undefined {
  const header = headers.get("idempotency-key");
  if (header === null) return undefined;
  const key = BARE.test(header) ? header : quoted(header);
  if (key === null || key === "" || key.length > MAX_LENGTH)
    throw invalidHeader(
      "Idempotency-Key",
      `Idempotency-Key must be a string of 1 to ${MAX_LENGTH} ASCII characters, such as "8e03978e-40d5-43e8-bc93-6894a57f9324".`,
    );
  return key;
}

function quoted(header: string): string | null {
  try {
    const [value] = parseItem(header);
    return typeof value === "string" ? value : null;
  } catch {
    return null;
  }
}
