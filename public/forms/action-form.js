// A form that sends one request: it says why the server refuses, and cannot be sent twice at once.
// @ts-check
import { make, setText } from "../ui/dom.js";
import { duration } from "../ui/format.js";

/** @import { Failure, Success } from "../server/api.js" */

/**
 * @param {object} options
 * @param {Node[]} options.fields
 * @param {string} options.label of the button
 * @param {"main" | "danger"} [options.kind] of the button
 * @param {() => Promise<Success | Failure | undefined>} options.send undefined: the user has changed their mind
 * @param {(body: Record<string, any>) => void} options.onDone
 * @param {Node[]} [options.more] buttons beside that of the form
 */
export function actionForm({ fields, label, kind = "main", send, onDone, more = [] }) {
  const error = make("p", { class: "form-error", role: "alert" });
  const submit = make("button", { type: "submit", class: `button-${kind}` }, label);
  const form = make(
    "form",
    { class: "form" },
    ...fields,
    error,
    make("div", { class: "form-buttons" }, submit, ...more),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    setText(error, "");
    submit.disabled = true;
    const answer = await send();
    submit.disabled = false;
    if (answer?.problem !== undefined) showFailure(form, error, answer);
    else if (answer !== undefined) onDone(answer.body);
  });
  return form;
}

/** @param {HTMLFormElement} form @param {HTMLElement} error @param {Failure} failure */
function showFailure(form, error, failure) {
  setText(error, failureText(failure));
  const field =
    failure.problem.code === "wrong_login"
      ? form.querySelector("[type=password]")
      : (form.querySelector("[autocomplete=new-password]") ?? form.querySelector("input:not([hidden])"));
  if (field instanceof HTMLInputElement) field.focus();
}

/** Why the server refused, in one paragraph. @param {Failure} failure */
export function failureText({ problem, retryAfter = 0 }) {
  const { code, title, detail, errors } = problem;
  if (code === "wrong_login") return "The password is wrong.";
  if (code === "too_many_logins")
    return `There were too many wrong passwords. Try again in ${duration(retryAfter)}.`;
  const lines = errors.filter((line) => line !== "");
  return lines.length > 0 ? lines.join(" ") : detail || title;
}
