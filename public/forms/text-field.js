// A labelled text field with room for an explanation, which screen readers read with it.
// @ts-check
import { make } from "../ui/dom.js";

let fields = 0;

/**
 * @param {string} label
 * @param {Record<string, string>} [attributes] of the input
 * @param {string} [note] explains what may be entered
 */
export function textField(label, attributes = {}, note = "") {
  const id = `field-${++fields}`;
  const input = make("input", { type: "text", ...attributes, id, class: "field" });
  const hint = make("p", { class: "field-note", id: `${id}-note` }, note);
  const element = make(
    "div",
    { class: "field-group" },
    make("label", { class: "field-label", for: id }, label),
    input,
  );
  if (note !== "") {
    input.setAttribute("aria-describedby", hint.id);
    element.append(hint);
  }
  if (input.type === "password") element.append(revealButton(input));
  return { element, input };
}

/** Shows what is typed, because phones make it hard to type a password unseen. @param {HTMLInputElement} input */
function revealButton(input) {
  const button = make(
    "button",
    {
      type: "button",
      class: "button-quiet field-reveal",
      "aria-pressed": "false",
      "aria-label": "Show password",
    },
    "Show",
  );
  button.addEventListener("click", () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
    button.textContent = shown ? "Show" : "Hide";
    input.focus();
  });
  return button;
}
