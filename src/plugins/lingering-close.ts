// Answers to requests whose body was not read to its end: clients can read them, whatever they go on sending.

import { RequestBody } from "../core/upload/request-body.ts";
import { contentLength } from "../http/content-length.ts";

/** Bytes of an announced body that Bun may drain after the answer, so that the connection can be used again. */
const DRAIN_AT_MOST = 1024 * 1024;
/** Seconds without a byte after which a client has stopped sending. */
const SILENCE = 0.5;
/** Seconds after which a client that goes on sending is cut off. */
const LONGEST = 2;

/** True when too much, or nobody knows how much, of the request's body may still be on its way. */
function mustClose(request: Request): boolean {
  if (request.body === null) return false;
  return (contentLength(request.headers) ?? Number.POSITIVE_INFINITY) > DRAIN_AT_MOST;
}

/**
 * Sends the answer at once. Where much may still come the connection is closed behind it, but not at once: a socket that
 * is closed with bytes unread is reset, and a client that is busy sending would see that and not the answer (RFC 9112
 * section 9.6). Until the client stops, or for two seconds, what it sends is read and dropped.
 */
export function lingeringClose(request: Request, text: string, status: number, headers: Headers): Response {
  if (!mustClose(request) || request.body?.locked) return new Response(text, { status, headers });
  headers.set("connection", "close");
  const body = new RequestBody(request.body, { idleTimeout: SILENCE });
  const stream = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(Buffer.from(text));
      await drop(body);
      controller.close();
    },
    cancel: () => body.cancel(),
  });
  return new Response(stream, { status, headers });
}

async function drop(body: RequestBody): Promise<void> {
  const late = setTimeout(() => void body.cancel(), LONGEST * 1000);
  try {
    for await (const _ of body.chunks()) {
      // Dropped.
    }
  } catch {
    // The client fell silent or went away: either way it has stopped.
  } finally {
    clearTimeout(late);
  }
}
