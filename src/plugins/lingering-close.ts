// Lingering close: makes sure that a client still sending its body receives the answer (RFC 9112 section 9.6).

import { RequestBody } from "../core/upload/request-body.ts";
import { contentLength } from "../http/framing.ts";
import { isOverTls } from "../http/target.ts";

/** A body announced with at most this many bytes is left to Bun in HTTP/1.1, which drains it and reuses the connection. */
const MAX_DRAIN_BYTES = 1024 * 1024;
/** Seconds without a byte after which the client counts as done. */
const IDLE_SECONDS = 0.5;
/** Seconds after which a client that is still sending is disconnected. Many read nothing before they have sent everything. */
const MAX_SECONDS = 10;

/**
 * Sends the answer immediately. If much of the body may still arrive, closes the connection afterwards, but not at once:
 * closing a socket with unread bytes resets it, and a client that is still sending would see the reset instead of the
 * answer. Until the client stops, for at most ten seconds, its bytes are read and discarded.
 *
 * In HTTP/2 there is no connection to close: Bun resets the stream behind an early answer, and curl then loses the answer. So
 * over TLS, where the request may be one of HTTP/2, a small body is read before the answer. The same is done when the client
 * asks for the close, as nginx does: Bun would close the connection right behind the answer, and over a Unix socket the client
 * could not even send the rest before it reads.
 */
export function lingeringClose(
  request: Request,
  text: string,
  status: number,
  headers: Headers,
): Response | Promise<Response> {
  const isSmall = (contentLength(request.headers) ?? Number.POSITIVE_INFINITY) <= MAX_DRAIN_BYTES;
  const isDrained =
    isSmall && !isOverTls(request) && !/\bclose\b/i.test(request.headers.get("connection") ?? "");
  if (request.body === null || request.body.locked || isDrained)
    return new Response(text, { status, headers });
  const body = new RequestBody(request.body, { idleTimeout: IDLE_SECONDS });
  if (isSmall) return drain(body).then(() => new Response(text, { status, headers }));
  headers.set("connection", "close");
  const stream = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(Buffer.from(text));
      await drain(body);
      controller.close();
    },
    cancel: () => body.cancel(),
  });
  return new Response(stream, { status, headers });
}

async function drain(body: RequestBody): Promise<void> {
  const timer = setTimeout(() => void body.cancel(), MAX_SECONDS * 1000);
  try {
    for await (const _ of body.chunks()) {
      // Discard the bytes.
    }
  } catch {
    // The client became silent or disconnected: either way it has stopped sending.
  } finally {
    clearTimeout(timer);
  }
}
