// A JSON answer that no cache may store.

/** @param more headers besides Content-Type and Cache-Control */
export function jsonAnswer(value: unknown, status = 200, more: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(value), { status, headers: { ...JSON_HEADERS, ...more } });
}

/** The headers of every such answer. */
export const JSON_HEADERS = { "content-type": "application/json", "cache-control": "no-store" };
