// Sends one request to the server's API and returns its JSON, or the problem that occurred.
// @ts-check
import { serverUrl } from "./base.js";
import { networkProblem, parseJson, problemFrom, unexpectedResponse } from "./problem.js";

/** @import { Problem } from "./problem.js" */

/**
 * `body` is the JSON of the response, also when the response is a problem. It is `{}` when there is no JSON.
 * @typedef {{ status: number, body: Record<string, any>, problem?: undefined }} Success
 * @typedef {{ status: number, body: Record<string, any>, problem: Problem, retryAfter?: number }} Failure `status` is 0 when no
 *   response arrived; `retryAfter` in seconds
 */

/**
 * @param {string} path of the server, with its query
 * @param {object} [options]
 * @param {string} [options.method]
 * @param {unknown} [options.json] the request body
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<Success | Failure>}
 * @throws an `AbortError` when `signal` is aborted
 */
export async function callApi(path, { method = "GET", json, signal } = {}) {
  /** @type {RequestInit} */
  const init = { method, headers: { accept: "application/json, application/problem+json" } };
  if (signal !== undefined) init.signal = signal;
  if (json !== undefined) {
    init.headers = { ...init.headers, "content-type": "application/json" };
    init.body = JSON.stringify(json);
  }
  try {
    const response = await fetch(serverUrl(path), init);
    const text = await response.text();
    const { status } = response;
    const body = parseJson(text);
    if (!response.ok) {
      const retryAfter = Number(response.headers.get("retry-after") ?? 0);
      return { status, body: body ?? {}, problem: problemFrom(status, text), retryAfter };
    }
    if (body === undefined && status !== 204) return { status, body: {}, problem: unexpectedResponse() };
    return { status, body: body ?? {} };
  } catch (error) {
    if (signal?.aborted) throw error;
    const detail = "The server did not respond. Check your connection, then try again.";
    return { status: 0, body: {}, problem: { ...networkProblem(), detail } };
  }
}
