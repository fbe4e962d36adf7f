// A text that is made to be copied: a link, a token, a command.
// @ts-check
import { make, setText } from "../ui/dom.js";

const CONFIRMED_MS = 2000;

/** @param {string} label for screen readers @param {string} text */
export function copyText(label, text) {
  const input = make("input", {
    class: "field copy-text",
    readonly: "",
    value: text,
    "aria-label": label,
    spellcheck: "false",
  });
  const button = make("button", { type: "button" }, "Copy");
  const said = make("span", { class: "visually-hidden", role: "status" });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  input.addEventListener("focus", () => input.select());
  button.addEventListener("click", async () => {
    const copied = await copy(input);
    setText(button, copied ? "Copied" : "Press Ctrl+C");
    setText(said, copied ? "Copied" : "Press Ctrl+C to copy");
    clearTimeout(timer);
    timer = setTimeout(() => {
      setText(button, "Copy");
      setText(said, "");
    }, CONFIRMED_MS);
  });
  return make("div", { class: "copy" }, input, button, said);
}

/** Browsers offer the clipboard over HTTPS only; elsewhere the selected text is copied. @param {HTMLInputElement} input */
async function copy(input) {
  try {
    await navigator.clipboard.writeText(input.value);
    return true;
  } catch {
    input.focus();
    input.select();
    return document.execCommand("copy");
  }
}
