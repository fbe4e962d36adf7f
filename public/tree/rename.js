// Edits the name of an entry in its row: Enter or leaving the field confirms, Escape cancels.
// @ts-check
import { entryOf } from "../listing/entry-row.js";
import { make } from "../ui/dom.js";

/**
 * @param {HTMLElement} row
 * @param {(entry: import("../listing/entries.js").Entry, name: string) => void} onRename called if the name was changed
 */
export function editName(row, onRename) {
  const entry = entryOf(row);
  const link = row.querySelector("a");
  if (entry === undefined || link === null || row.querySelector(".rename") !== null) return;
  const input = make("input", {
    type: "text",
    class: "field rename",
    "aria-label": `New name for ${entry.name}`,
    autocomplete: "off",
    spellcheck: "false",
  });
  input.value = entry.name;
  let closed = false;

  /** @param {boolean} confirmed */
  function close(confirmed) {
    if (closed) return;
    closed = true;
    const hadFocus = document.activeElement === input;
    const name = input.value;
    input.remove();
    link?.classList.remove("entry-renamed");
    if (hadFocus) link?.focus();
    if (confirmed && entry !== undefined && name !== "" && name !== entry.name) onRename(entry, name);
  }

  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    close(event.key === "Enter");
  });
  input.addEventListener("blur", () => close(true));
  link.classList.add("entry-renamed");
  link.after(input);
  input.focus();
  // Select the name without its extension, because the extension rarely changes.
  const dot = entry.kind === "file" ? entry.name.lastIndexOf(".") : -1;
  input.setSelectionRange(0, dot > 0 ? dot : entry.name.length);
}
