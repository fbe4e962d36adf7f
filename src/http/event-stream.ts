// Serializes Server-Sent Events (WHATWG HTML section 9.2).

import { Buffer } from "node:buffer";

/** Serializes one event. No field may contain a line break; JSON without indentation never does. */
export function eventBytes(event: { id: string; name: string; json: string }): Uint8Array<ArrayBuffer> {
  return Buffer.from(`id: ${event.id}\nevent: ${event.name}\ndata: ${event.json}\n\n`);
}

/** A comment, which clients ignore: it keeps the connection alive. */
export const COMMENT: Uint8Array<ArrayBuffer> = Buffer.from(":\n\n");
