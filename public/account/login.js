// Logging in and out: the form in place of the files where nothing can be seen without it, or in a dialog elsewhere.
// @ts-check

import { openPanel } from "../forms/panel.js";
import { callApi } from "../server/api.js";
import { byId, make } from "../ui/dom.js";
import { createLoginForm } from "./login-form.js";

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
    open() {
      form.reset();
      panel = openPanel({ title: "Log in", content: [form.element], className: "panel-narrow" });
      form.focus();
    },
    async logOut() {
      const { problem } = await callApi("/api/session", { method: "DELETE" });
      if (problem === undefined) onChange();
      return problem;
    },
  };
}
