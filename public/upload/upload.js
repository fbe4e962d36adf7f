// One file on its way to the server: small ones in one request, large ones so that they can go on where they were cut.
// @ts-check

import { fileUrl } from "../server/path.js";
import { fileProblem, networkProblem, parse } from "../server/problem.js";
import { readable, transmit } from "../server/xhr.js";
import { sendResumable } from "./resumable.js";
import { outcomeOf } from "./upload-result.js";

/** @import { Sending } from "./resumable.js" */
/** @import { Outcome } from "./upload-result.js" */

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
