// One file on its way to the server: small ones in one request, large ones so that they can go on where they were cut.
// @ts-check

import { outcomeOf } from "./outcome.js";
import { fileUrl } from "./path.js";
import { fileProblem, networkProblem, parse } from "./problem.js";
import { sendResumable } from "./resume.js";
import { readable, transmit } from "./transmit.js";

/** @import { Outcome } from "./outcome.js" */

/**
 * @typedef {object} Sending
 * @property {string} path below the root
 * @property {File} file
 * @property {AbortSignal} signal
 * @property {string} id the `X-Request-Id`, under which `GET /api/uploads/{id}` shows this upload
 * @property {(id: string) => void} onId it has another one, from before
 * @property {(bytes: number) => void} onSent bytes of the file that left this browser, or are with the server from before
 * @property {() => void} onAllSent the last byte left; the server still works
 * @property {(cut: boolean) => void} onCut the connection was cut, and it will be tried again; or it goes on
 * @property {(bytes: number) => void} onBefore so many bytes are with the server already, from before the page was opened
 */

/** In bytes. To send so much again is cheaper than two requests for each of many small files. */
const SMALL = 8 * 1024 * 1024;

/**
 * Send one file. The returned promise never rejects.
 * @param {Sending} sending
 * @returns {Promise<Outcome>}
 */
export async function send(sending) {
  if (sending.file.size > SMALL) return await sendResumable(sending);
  const { path, file, id, signal, onSent, onAllSent } = sending;
  const answer = await transmit({
    method: "PUT",
    url: `${fileUrl(path)}?conflict=rename`,
    headers: {
      Accept: "application/json, application/problem+json",
      "Content-Type": "application/octet-stream",
      "X-Request-Id": id,
    },
    body: file,
    signal,
    onSent,
    onAllSent,
  });
  if (answer === "cancelled") return { cancelled: true };
  if (answer === "cut") return { problem: (await readable(file)) ? networkProblem() : fileProblem() };
  // Something in front of the server may take smaller pieces.
  if (answer.status === 413 && parse(answer.body)?.["code"] === undefined)
    return await sendResumable(sending);
  return outcomeOf(answer.status, answer.body);
}
