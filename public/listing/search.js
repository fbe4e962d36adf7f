// Searching by name below a folder: results as the server finds them, and whether that was everything.
// @ts-check
import { networkProblem, parse, problemOf } from "../server/problem.js";

/** @import { Entry } from "./entries.js" */
/** @import { Problem } from "../server/problem.js" */

/** Most results: whoever gets so many types more of the name. */
const MOST = 500;

/**
 * @param {object} options
 * @param {string} options.query
 * @param {string} options.folder
 * @param {AbortSignal} options.signal
 * @param {(entries: Entry[]) => void} options.onFound all that were found so far
 * @returns {Promise<{ missing: string } | { problem: Problem, status: number }>} `missing`: why there may be more; "" when there is no more
 * @throws an `AbortError` after `signal`
 */
export async function search({ query, folder, signal, onFound }) {
  const parameters = new URLSearchParams({ query, folder, hidden: "true", limit: String(MOST) });
  /** @type {Entry[]} */
  const found = [];
  /** @type {{ complete?: unknown, reason?: unknown } | undefined} */
  let end;
  try {
    const response = await fetch(`/api/search?${parameters}`, {
      headers: { accept: "application/x-ndjson, application/problem+json" },
      signal,
    });
    const { ok, status, body } = response;
    if (!ok || body === null) return { problem: problemOf(status, await response.text()), status };
    for await (const lines of linesOf(body)) {
      const values = lines.map((line) => parse(line) ?? {});
      const entries = values.filter((value) => typeof value["path"] === "string");
      end ??= values.find((value) => "complete" in value);
      if (entries.length === 0) continue;
      found.push(.../** @type {Entry[]} */ (/** @type {unknown} */ (entries)));
      onFound(found);
    }
  } catch (error) {
    if (signal.aborted) throw error;
    if (found.length === 0)
      return { problem: { ...networkProblem(), detail: "The search did not come to an answer." }, status: 0 };
  }
  return { missing: missingOf(end) };
}

/** @param {{ complete?: unknown, reason?: unknown } | undefined} end */
function missingOf(end) {
  if (end?.complete === true) return "";
  if (end?.reason === "limit") return "there may be more: type more of the name";
  if (end?.reason === "time")
    return "there may be more: the search took too long. Search in a smaller folder";
  return "there may be more: the connection was cut";
}

/** The lines of a stream, as many at a time as arrived together. @param {ReadableStream<Uint8Array<ArrayBuffer>>} body */
async function* linesOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    yield lines;
  }
}
