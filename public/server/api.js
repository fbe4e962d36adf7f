// One request to the server's API: its answer, or what went wrong.
// @ts-check
import { networkProblem, parse, problemOf, strangerProblem } from "./problem.js";

/** @import { Problem } from "./problem.js" */

/**
 * `body`: the JSON of the answer, also of a problem; `{}` when there is none.
 * @typedef {{ status: number, body: Record<string, any>, problem?: undefined }} Answer
 * @typedef {{ status: number, body: Record<string, any>, problem: Problem }} Refusal `status` is 0 when no answer came
 */

/**
 * @param {string} url
 * @param {object} [options]
 * @param {string} [options.method]
 * @param {unknown} [options.json] sent as the body
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<Answer | Refusal>}
 * @throws an `AbortError` after `signal`
 */
export async function call(url, { method = "GET", json, signal } = {}) {
  /** @type {RequestInit} */
  const init = { method, headers: { accept: "application/json, application/problem+json" } };
  if (signal !== undefined) init.signal = signal;
  if (json !== undefined) {
    init.headers = { ...init.headers, "content-type": "application/json" };
    init.body = JSON.stringify(json);
  }
  try {
    const response = await fetch(url, init);
    const text = await response.text();
    const { status } = response;
    const body = parse(text);
    if (!response.ok) return { status, body: body ?? {}, problem: problemOf(status, text) };
    if (body === undefined && status !== 204) return { status, body: {}, problem: strangerProblem() };
    return { status, body: body ?? {} };
  } catch (error) {
    if (signal?.aborted) throw error;
    return { status: 0, body: {}, problem: { ...networkProblem(), detail: "No answer came. Try again." } };
  }
}
