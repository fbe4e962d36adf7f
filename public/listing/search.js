// Searches for names below a folder. Results arrive as a stream, whose last line says whether the search was complete.
// @ts-check
import { serverUrl } from "../server/base.js";
import { networkProblem, parseJson, problemFrom } from "../server/problem.js";

/** @import { Entry } from "./entries.js" */
/** @import { Problem } from "../server/problem.js" */

/** A user who gets this many results should refine the query. */
const MAX_RESULTS = 500;

/**
 * @param {object} options
 * @param {string} options.query
 * @param {string} options.folder
 * @param {AbortSignal} options.signal
 * @param {(entries: Entry[]) => void} options.onFound gets all entries that were found so far
 * @returns {Promise<{ incomplete: string } | { problem: Problem, status: number }>} `incomplete`: why there may be more
 *   results; "" when there are none
 * @throws an `AbortError` when `signal` is aborted
 */
export async function searchEntries({ query, folder, signal, onFound }) {
  const parameters = new URLSearchParams({ query, folder, hidden: "true", limit: String(MAX_RESULTS) });
  /** @type {Entry[]} */
  const found = [];
  /** @type {{ complete?: unknown, reason?: unknown } | undefined} */
  let summary;
  try {
    const response = await fetch(serverUrl(`/api/search?${parameters}`), {
      headers: { accept: "application/x-ndjson, application/problem+json" },
      signal,
    });
    const { ok, status, body } = response;
    if (!ok || body === null) return { problem: problemFrom(status, await response.text()), status };
    for await (const lines of readLines(body)) {
      const values = lines.map((line) => parseJson(line) ?? {});
      const entries = values.filter((value) => typeof value["path"] === "string");
      summary ??= values.find((value) => "complete" in value);
      if (entries.length === 0) continue;
      found.push(.../** @type {Entry[]} */ (/** @type {unknown} */ (entries)));
      onFound(found);
    }
  } catch (error) {
    if (signal.aborted) throw error;
    const detail =
      "The search failed because the server did not respond. Check your connection, then try again.";
    if (found.length === 0) return { problem: { ...networkProblem(), detail }, status: 0 };
  }
  return { incomplete: incompleteReason(summary) };
}

/** @param {{ complete?: unknown, reason?: unknown } | undefined} summary undefined when the stream ended without one */
function incompleteReason(summary) {
  if (summary?.complete === true) return "";
  if (summary?.reason === "limit") return "there may be more. Type more of the name to narrow the search";
  if (summary?.reason === "time")
    return "there may be more. The search took too long: search in a subfolder instead";
  if (summary?.reason === "skipped")
    return "there may be more. The server could not look at every entry: some names or rights do not allow it";
  return "there may be more. The connection was lost: search again";
}

/** Yields the lines of a stream, in batches as they arrive. @param {ReadableStream<Uint8Array<ArrayBuffer>>} body */
async function* readLines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let partial = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (partial + value).split("\n");
    partial = lines.pop() ?? "";
    yield lines;
  }
}
