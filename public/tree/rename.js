// Another name for one entry, typed where the name stands.
// @ts-check

import { entryOf } from "../listing/entry-row.js";
import { make } from "../ui/dom.js";

/**
 * @param {HTMLElement} row
 * @param {(entry: import("../listing/entries.js").Entry, name: string) => void} onName another name was typed
 */
export function renameIn(row, onName) {
  const entry = entryOf(row);
  const link = row.querySelector("a");
  if (entry === undefined || link === null || row.querySelector(".rename") !== null) return;
  const input = make("input", {
    type: "text",
    class: "field rename",
    "aria-label": `New name of ${entry.name}`,
    autocomplete: "off",
    spellcheck: "false",
  });
  input.value = entry.name;
  let over = false;

  /** @param {boolean} keep */
  function end(keep) {
    if (over) return;
    over = true;
    const focused = document.activeElement === input;
    const name = input.value;
    input.remove();
    link?.classList.remove("entry-renamed");
    if (focused) link?.focus();
    if (keep && entry !== undefined && name !== "" && name !== entry.name) onName(entry, name);
  }

  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    end(event.key === "Enter");
  });
  input.addEventListener("blur", () => end(true));
  link.classList.add("entry-renamed");
  link.after(input);
  input.focus();
  // What people change is what stands before the dot.
  const dot = entry.kind === "file" ? entry.name.lastIndexOf(".") : -1;
  input.setSelectionRange(0, dot > 0 ? dot : entry.name.length);
}
