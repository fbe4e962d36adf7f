// Questions to the person: a title, what it is about, and the answers as buttons. Escape is always an answer.
// @ts-check
import { make } from "./dom.js";

/**
 * @typedef {object} Choice
 * @property {string} label
 * @property {string} value what `ask` resolves to
 * @property {"main" | "danger"} [kind]
 */

let asked = 0;

/**
 * @param {object} question
 * @param {string} question.title
 * @param {(Node | string)[]} [question.body]
 * @param {Choice[]} question.choices the first is what Enter does in a field
 * @param {(value: string) => Promise<boolean>} [question.attempt] what a choice starts; the dialog stays open when it gives false
 * @param {(dialog: HTMLDialogElement) => void} [question.onOpen]
 * @returns {Promise<string>} the value of the choice; "" after Escape or Cancel
 */
export function ask({ title, body = [], choices, attempt = async () => true, onOpen }) {
  const id = `dialog-${++asked}`;
  const cancel = make("button", { type: "button" }, "Cancel");
  const buttons = choices.map(({ label, value, kind }) =>
    make("button", { type: "submit", value, class: kind === undefined ? "" : `button-${kind}` }, label),
  );
  const form = make(
    "form",
    { class: "dialog-form" },
    make("h2", { class: "dialog-title", id }, title),
    ...body,
    make("div", { class: "dialog-buttons" }, cancel, ...buttons),
  );
  const dialog = make("dialog", { class: "dialog", "aria-labelledby": id }, form);

  cancel.addEventListener("click", () => dialog.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const value = (event.submitter instanceof HTMLButtonElement && event.submitter.value) || "";
    for (const button of buttons) button.disabled = true;
    const done = await attempt(value);
    for (const button of buttons) button.disabled = false;
    if (done) dialog.close(value);
  });
  document.body.append(dialog);
  dialog.showModal();
  onOpen?.(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
  });
}
