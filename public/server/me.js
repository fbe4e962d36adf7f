// The account that uses the page, and its grants in the open folder. Asked for each folder, and again after each login and logout.
// @ts-check
import { callApi } from "./api.js";

/** @typedef {"list" | "read" | "write" | "replace" | "delete" | "share"} Word */

/** @typedef {{ folder: string, bytes: number, used: number, reserved: number, measured: boolean }} Quota */

/**
 * @typedef {object} Me
 * @property {string | null} name the account; null for anyone
 * @property {boolean} owner manages accounts
 * @property {boolean} accounts whether the server has accounts, so that one can log in
 * @property {{ passkey: boolean, provider: boolean }} logins ways to log in other than a password
 * @property {Word[]} words what they may do in the folder
 * @property {number} maxFileSize in bytes
 * @property {Quota} [quota] the one with the fewest bytes left, of this folder or one above it
 * @property {number | null} trash seconds for which deleted entries can be restored; null without a trash
 */

/** Before the first answer nothing is possible, so no button appears that would vanish. @type {Me} */
const NOBODY = {
  name: null,
  owner: false,
  accounts: false,
  logins: { passkey: false, provider: false },
  words: [],
  maxFileSize: Number.POSITIVE_INFINITY,
  trash: null,
};

let current = NOBODY;
/** @type {PromiseWithResolvers<void>} */
const first = Promise.withResolvers();
let answered = first.promise;
let requests = 0;
/** @type {((me: Me) => void)[]} */
const listeners = [];

/** The latest answer. */
export function me() {
  return current;
}

/** Whether all of this may be done in the open folder. @param {...Word} words */
export function isGranted(...words) {
  return words.every((word) => current.words.includes(word));
}

/** Whether the first request is answered. */
export function isMeKnown() {
  return current !== NOBODY;
}

/** Resolves once the latest request is answered. */
export function meKnown() {
  return answered;
}

/** Calls `listener` after every answer. @param {(me: Me) => void} listener */
export function onMe(listener) {
  listeners.push(listener);
}

/** Asks about a folder. Without an answer the last one stays. @param {string} folder */
export function loadMe(folder) {
  answered = ask(folder, ++requests);
  return answered;
}

/** @param {string} folder @param {number} request */
async function ask(folder, request) {
  const { body, problem, status } = await callApi(`/api/me?${new URLSearchParams({ folder })}`);
  // A newer request knows better.
  if (request !== requests) return answered;
  // The path breaks a rule: nothing can be there.
  if (status === 400) current = { ...current, words: [] };
  else if (problem === undefined) current = { ...NOBODY, ...body };
  document.body.removeAttribute("data-access");
  for (const listener of listeners) listener(current);
  first.resolve();
}
