// Passkeys in this browser: logging in with one, and making one. The browser's own dialog does the talking.
// @ts-check
import { callApi } from "../server/api.js";

/** @import { Failure, Success } from "../server/api.js" */

/** Whether this browser can use passkeys here: it needs HTTPS or localhost. */
export function hasPasskeys() {
  return "PublicKeyCredential" in globalThis && "parseRequestOptionsFromJSON" in PublicKeyCredential;
}

/** Logs in with a passkey. @returns {Promise<Success | Failure | undefined>} undefined when the user has closed the dialog */
export async function usePasskey() {
  const options = await callApi("/api/session/passkey/options", { method: "POST" });
  if (options.problem !== undefined) return options;
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
    /** @type {PublicKeyCredentialRequestOptionsJSON} */ (/** @type {unknown} */ (options.body)),
  );
  const credential = await ask(() => navigator.credentials.get({ publicKey }));
  if (credential === undefined) return undefined;
  return await callApi("/api/session/passkey", { method: "POST", json: { credential } });
}

/**
 * Makes a passkey for the account that is logged in.
 * @param {string} name to tell it apart
 * @param {string} password of the account, once more
 * @returns {Promise<Success | Failure | undefined>} undefined when the user has closed the dialog
 */
export async function addPasskey(name, password) {
  const options = await callApi("/api/account/passkeys/options", { method: "POST", json: { password } });
  if (options.problem !== undefined) return options;
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
    /** @type {PublicKeyCredentialCreationOptionsJSON} */ (/** @type {unknown} */ (options.body)),
  );
  const credential = await ask(() => navigator.credentials.create({ publicKey }));
  if (credential === undefined) return undefined;
  return await callApi("/api/account/passkeys", { method: "POST", json: { name, credential } });
}

/** @param {() => Promise<Credential | null>} prompt @returns {Promise<unknown>} the credential as JSON; undefined without one */
async function ask(prompt) {
  try {
    const credential = await prompt();
    return credential instanceof PublicKeyCredential ? credential.toJSON() : undefined;
  } catch (error) {
    // Closed, timed out, or nothing fits: the browser has said so itself.
    if (error instanceof DOMException) return undefined;
    throw error;
  }
}
