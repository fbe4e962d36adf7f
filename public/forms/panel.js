// A modal dialog for things to look at and change at once, such as the settings of an account. Closed by its button or Escape.
// @ts-check
import { icon, make } from "../ui/dom.js";

let panels = 0;

/**
 * @param {object} options
 * @param {string} options.title
 * @param {Node[]} options.content
 * @param {string} [options.className]
 * @param {() => void} [options.onClose]
 */
export function openPanel({ title, content, className = "", onClose }) {
  const id = `panel-${++panels}`;
  const heading = make("h2", { class: "dialog-title", id }, title);
  const close = make(
    "button",
    { type: "button", class: "button-quiet panel-close", "aria-label": "Close" },
    icon("cancelled", ""),
  );
  const body = make("div", { class: "panel-body" }, ...content);
  const dialog = make(
    "dialog",
    { class: `dialog panel ${className}`, "aria-labelledby": id },
    make("div", { class: "panel-head" }, heading, close),
    body,
  );
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    onClose?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  return {
    body,
    close: () => dialog.close(),
  };
}
