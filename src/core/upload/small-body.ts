// Reads a small request body into memory, within a limit.

import { Problem } from "../../errors.ts";
import { contentLength, lacksContinue, refuseTrailers } from "../../http/framing.ts";
import { RequestBody } from "./request-body.ts";

export interface SmallBodyOptions {
  /** Seconds to wait for the next byte. */
  idleTimeout: number;
  maxBytes: number;
  /** The detail of the problem of a longer body. */
  tooLarge: string;
}

/** @throws Problem body_too_large, body_incomplete, idle_timeout, expectation_failed, unsupported_trailers */
export async function smallBody(
  request: Request,
  { idleTimeout, maxBytes, tooLarge }: SmallBodyOptions,
): Promise<Uint8Array> {
  const { headers, body: stream } = request;
  refuseTrailers(headers);
  const options = { idleTimeout, announced: contentLength(headers), lacksContinue: lacksContinue(headers) };
  const body = new RequestBody(stream, options);
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of body.chunks()) {
      if (body.received > maxBytes) throw new Problem("body_too_large", tooLarge);
      chunks.push(chunk.slice());
    }
  } finally {
    body.release();
  }
  return Buffer.concat(chunks);
}
