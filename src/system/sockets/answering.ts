// Whether Bun's server still answers a request that came over a Unix socket, where it knows no address of the client.

import { estimateShallowMemoryUsageOf } from "bun:jsc";

/**
 * Bytes by which the memory of a `Request` falls at least when its answer has ended, sent or not: Bun then frees what it keeps
 * about the exchange, 480 bytes. All else about a request only grows.
 */
const STATE = 256;

/** The memory of a request on its arrival. */
const BEFORE = Symbol("memory of a request");
declare global {
  interface Request {
    [BEFORE]?: number;
  }
}

/** Must be called when the request arrives. */
export function observeAnswer(request: Request): void {
  // The first reader of the URL makes a text of it, which counts and may be long.
  void request.url;
  request[BEFORE] = estimateShallowMemoryUsageOf(request);
}

/** Whether the answer has ended, for a request of which {@link observeAnswer} has been called. */
export function hasAnswered(request: Request): boolean {
  return estimateShallowMemoryUsageOf(request) < (request[BEFORE] ?? 0) - STATE;
}
