// The form to log in: name and password, then a code if the account needs one; a passkey; or an identity provider.
// @ts-check

import { codeField, passwordField } from "../forms/login-fields.js";
import { textField } from "../forms/text-field.js";
import { callApi } from "../server/api.js";
import { serverUrl } from "../server/base.js";
import { loadMe, me } from "../server/me.js";
import { make, setText } from "../ui/dom.js";
import { duration } from "../ui/format.js";
import { hasPasskeys, usePasskey } from "./webauthn.js";

/** @import { Failure } from "../server/api.js" */

/**
 * @param {object} options
 * @param {() => string} options.currentFolder
 * @param {() => void} options.onLogin the browser has a session, and `me` is known
 */
export function createLoginForm({ currentFolder, onLogin }) {
  const name = textField("Name", {
    name: "username",
    autocomplete: "username",
    required: "",
    autocapitalize: "none",
    maxlength: "64",
  });
  const password = passwordField("Password", { name: "password", maxlength: "1024" });
  const code = codeField("Code of your authenticator app", { name: "code" });
  const error = make("p", { class: "form-error", role: "alert" });
  const submit = make("button", { type: "submit", class: "button-main" }, "Log in");
  const passkey = make("button", { type: "button" }, "Use a passkey");
  const provider = make(
    "a",
    { class: "button", href: serverUrl("/api/session/oidc") },
    "Log in with single sign-on",
  );
  const other = make("div", { class: "login-other" }, passkey, provider);
  const form = make(
    "form",
    { class: "form" },
    name.element,
    password.element,
    code.element,
    error,
    submit,
    other,
  );
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let countdown;

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await run(async () => {
      const json = {
        name: name.input.value.trim(),
        password: password.input.value,
        ...(!code.element.hidden && { code: code.digits() }),
      };
      return await callApi("/api/session", { method: "POST", json });
    });
  });
  passkey.addEventListener("click", () => void run(usePasskey));

  /** @param {() => Promise<import("../server/api.js").Success | Failure | undefined>} attempt */
  async function run(attempt) {
    clearInterval(countdown);
    setText(error, "");
    setBusy(true);
    const answer = await attempt();
    if (answer?.problem !== undefined) {
      setBusy(false);
      return refuse(answer);
    }
    if (answer === undefined) return setBusy(false);
    await loadMe(currentFolder());
    setBusy(false);
    if (me().name === null)
      return setText(
        error,
        "Your browser did not keep the login. Allow cookies for this site, then try again.",
      );
    reset();
    onLogin();
  }

  /** @param {boolean} busy */
  function setBusy(busy) {
    submit.disabled = busy;
    passkey.disabled = busy;
    setText(submit, busy ? "Logging in …" : "Log in");
  }

  /** @param {Failure} answer */
  function refuse({ problem, retryAfter = 0 }) {
    if (problem.code === "code_required") {
      code.element.hidden = false;
      code.input.required = true;
      code.input.focus();
    } else if (problem.code === "wrong_login") {
      const field = code.element.hidden ? password.input : code.input;
      setText(
        error,
        code.element.hidden
          ? "The name or the password is wrong."
          : "The code is wrong, or was used before. Wait for the next one.",
      );
      field.focus();
      field.select();
    } else if (problem.code === "too_many_logins") waitFor(Math.ceil(retryAfter));
    else setText(error, `${problem.title}. ${problem.detail}`);
  }

  /** Counts down until the server checks passwords again. The alert is read out once, so only its number changes later. @param {number} seconds */
  function waitFor(seconds) {
    const until = performance.now() + seconds * 1000;
    const number = make("span", { "aria-hidden": "true" });
    const show = () => {
      const left = Math.ceil((until - performance.now()) / 1000);
      setText(number, left > 0 ? `Try again in ${duration(left)}.` : "Try again now.");
      submit.disabled = left > 0;
      if (left <= 0) clearInterval(countdown);
    };
    error.replaceChildren(
      "There were too many failed logins. ",
      number,
      make("span", { class: "visually-hidden" }, `Try again in ${duration(seconds)}.`),
    );
    countdown = setInterval(show, 1000);
    show();
  }

  function reset() {
    clearInterval(countdown);
    form.reset();
    setText(error, "");
    submit.disabled = false;
    code.element.hidden = true;
    code.input.required = false;
    const { logins } = me();
    passkey.hidden = !logins.passkey || !hasPasskeys();
    provider.hidden = !logins.provider;
    other.hidden = passkey.hidden && provider.hidden;
  }

  reset();
  return {
    element: form,
    reset,
    /** @param {string} sentence */
    explain: (sentence) => setText(error, sentence),
    focus: () => name.input.focus(),
  };
}
