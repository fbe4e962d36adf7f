// Shows a modal dialog with a title, content and buttons. Every dialog can be closed with Cancel or Escape.
// @ts-check
import { make } from "./dom.js";

/**
 * @typedef {object} DialogButton
 * @property {string} label
 * @property {string} value the value that `showDialog` resolves to
 * @property {"main" | "danger"} [kind]
 */

let dialogs = 0;

/**
 * @param {object} options
 * @param {string} options.title
 * @param {(Node | string)[]} [options.body]
 * @param {DialogButton[]} options.buttons pressing Enter in a field activates the first
 * @param {(value: string) => Promise<boolean>} [options.onSubmit] runs before the dialog closes; false keeps it open
 * @param {(dialog: HTMLDialogElement) => void} [options.onOpen]
 * @returns {Promise<string>} the value of the activated button; "" after Escape or Cancel
 */
export function showDialog({ title, body = [], buttons, onSubmit = async () => true, onOpen }) {
  const id = `dialog-${++dialogs}`;
  const cancel = make("button", { type: "button" }, "Cancel");
  const submitButtons = buttons.map(({ label, value, kind }) =>
    make("button", { type: "submit", value, class: kind === undefined ? "" : `button-${kind}` }, label),
  );
  const form = make(
    "form",
    { class: "dialog-form" },
    make("h2", { class: "dialog-title", id }, title),
    ...body,
    make("div", { class: "dialog-buttons" }, cancel, ...submitButtons),
  );
  const dialog = make("dialog", { class: "dialog", "aria-labelledby": id }, form);

  cancel.addEventListener("click", () => dialog.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const value = (event.submitter instanceof HTMLButtonElement && event.submitter.value) || "";
    for (const button of submitButtons) button.disabled = true;
    const done = await onSubmit(value);
    for (const button of submitButtons) button.disabled = false;
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
