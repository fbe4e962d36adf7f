// Server-Sent Events as they are written (WHATWG HTML section 9.2).

import { Buffer } from "node:buffer";

/** One event. Nothing of it may hold line ends; JSON without indentation holds none. */
export function eventBytes(event: { id: string; name: string; json: string }): Uint8Array<ArrayBuffer> {
  return Buffer.from(`id: ${event.id}\nevent: ${event.name}\ndata: ${event.json}\n\n`);
}

/** What clients skip: it only shows that the connection is alive. */
export const COMMENT: Uint8Array<ArrayBuffer> = Buffer.from(":\n\n");
