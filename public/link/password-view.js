// A link with a password: nothing is told before it is entered.
// @ts-check
import { actionForm } from "../forms/action-form.js";
import { textField } from "../forms/text-field.js";
import { callApi } from "../server/api.js";
import { make } from "../ui/dom.js";
import { card } from "./link-card.js";

/** @param {string} link below the base path @param {() => void} onDone */
export function passwordView(link, onDone) {
  document.title = "Enter the password";
  const password = textField("Password", {
    type: "password",
    autocomplete: "off",
    required: "",
    maxlength: "1024",
  });
  const form = actionForm({
    fields: [password.element],
    label: "Open",
    async send() {
      const json = { password: password.input.value };
      const answer = await callApi(`${link}/session`, { method: "POST", json });
      if (answer.problem?.code !== "link_password") return answer;
      password.input.select();
      return { ...answer, problem: { ...answer.problem, code: "wrong_login" } };
    },
    onDone,
  });
  const view = card({
    icon: "lock",
    title: "Enter the password",
    content: [
      make(
        "p",
        { class: "panel-note" },
        "The person who sent you this link has protected it with a password.",
      ),
      form,
    ],
  });
  queueMicrotask(() => password.input.focus());
  return view;
}
