// Logging in and out: the form in place of the files where nothing can be seen without it, or in a dialog elsewhere.
// @ts-check

import { openPanel } from "../forms/panel.js";
import { callApi } from "../server/api.js";
import { byId, make } from "../ui/dom.js";
import { createLoginForm } from "./login-form.js";

/** @type {Record<string, string>} */
const PROVIDER_FAILURES = {
  wrong_login: "Single sign-on was not completed. Try again.",
  account_exists: "Your name is already that of another account here. Ask an owner of this server.",
  not_allowed: "You have no account here. Ask an owner of this server for one.",
  provider_failed: "The server for single sign-on did not answer. Try again later.",
  too_many_logins: "There were too many failed logins. Try again in a minute.",
};

/**
 * @param {object} options
 * @param {() => string} options.currentFolder
 * @param {() => void} options.onChange somebody has logged in or out, and `me` is known
 */
export function createLogin({ currentFolder, onChange }) {
  const section = byId("login", HTMLElement);
  const form = createLoginForm({ currentFolder, onLogin });
  /** @type {ReturnType<typeof openPanel> | undefined} */
  let panel;

  function onLogin() {
    panel?.close();
    unlock();
    onChange();
  }

  function unlock() {
    document.body.classList.remove("is-locked");
    section.hidden = true;
    section.replaceChildren();
  }

  function open() {
    form.reset();
    panel = openPanel({ title: "Log in", content: [form.element], className: "panel-narrow" });
    form.focus();
  }

  return {
    /** Shows the form in place of the files. */
    lock() {
      if (!section.hidden) return;
      panel?.close();
      form.reset();
      section.replaceChildren(
        make("h1", { class: "login-title" }, "Log in"),
        make("p", { class: "login-note" }, "The files here are for people with an account."),
        form.element,
      );
      section.hidden = false;
      document.body.classList.add("is-locked");
      form.focus();
    },
    unlock,
    /** Shows the form in a dialog. */
    open,
    /** Shows why the identity provider did not log somebody in. @param {string} code of a problem */
    explainProvider(code) {
      if (section.hidden) open();
      form.explain(PROVIDER_FAILURES[code] ?? "Single sign-on did not work. Try again.");
    },
    async logOut() {
      const { problem } = await callApi("/api/session", { method: "DELETE" });
      if (problem === undefined) onChange();
      return problem;
    },
  };
}
