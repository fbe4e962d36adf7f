// Which entries are selected: by their boxes, by clicks beside them, by Shift and Ctrl+A, and by keys alone.
// @ts-check

import { entryOf } from "../listing/entry-row.js";
import { byId } from "../ui/dom.js";
import { isBare, isTyping } from "../ui/keys.js";

/** @import { Entry } from "../listing/entries.js" */

/** @param {() => void} onChange */
export function selection(onChange) {
  const body = byId("entry-rows", HTMLElement);
  const all = byId("select-all", HTMLInputElement);
  /** By path: rows come and go when the listing is read again. @type {Map<string, Entry>} */
  const chosen = new Map();
  /** Where a range begins: the row that was touched last. */
  let anchor = "";

  const rows = () => /** @type {HTMLElement[]} */ ([...body.children]);

  /** @param {HTMLElement} row @param {boolean} on */
  function mark(row, on) {
    const entry = entryOf(row);
    if (entry === undefined) return;
    if (on) chosen.set(entry.path, entry);
    else chosen.delete(entry.path);
    row.classList.toggle("entry-chosen", on);
    const box = row.querySelector("input");
    if (box !== null) box.checked = on;
  }

  /** @param {HTMLElement} row @param {boolean} on @param {boolean} range everything from the anchor to here */
  function choose(row, on, range) {
    const list = rows();
    const from = list.findIndex((one) => entryOf(one)?.path === anchor);
    const to = list.indexOf(row);
    const touched = range && from >= 0 ? list.slice(Math.min(from, to), Math.max(from, to) + 1) : [row];
    for (const one of touched) mark(one, on);
    if (!range || from < 0) anchor = entryOf(row)?.path ?? "";
    changed();
  }

  function changed() {
    all.checked = chosen.size > 0 && chosen.size === body.childElementCount;
    all.indeterminate = chosen.size > 0 && !all.checked;
    onChange();
  }

  /** @param {boolean} on */
  function chooseAll(on) {
    for (const row of rows()) mark(row, on);
    changed();
  }

  body.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const row = target?.closest(".entry");
    if (!(row instanceof HTMLElement) || target === null) return;
    if (target instanceof HTMLInputElement && target.type === "checkbox")
      return choose(row, target.checked, event.shiftKey);
    if (target.closest("a, input, button, label") !== null || getSelection()?.isCollapsed === false) return;
    choose(row, !chosen.has(entryOf(row)?.path ?? ""), event.shiftKey);
  });
  // Otherwise Shift+click would select text.
  body.addEventListener("mousedown", (event) => {
    if (event.shiftKey && !(event.target instanceof HTMLInputElement)) event.preventDefault();
  });
  all.addEventListener("click", () => chooseAll(all.checked));

  body.addEventListener("keydown", (event) => {
    const target = event.target instanceof HTMLElement ? event.target : null;
    const row = target?.closest(".entry");
    if (!(row instanceof HTMLElement) || target === null || !isBare(event) || isTyping(target)) return;
    const list = rows();
    const at = list.indexOf(row);
    const places = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: list.length - 1 };
    if (event.key in places) {
      const next = list[places[/** @type {keyof typeof places} */ (event.key)]];
      event.preventDefault();
      next?.querySelector(target.tagName === "INPUT" ? "input" : "a")?.focus();
      if (event.shiftKey && next !== undefined) {
        if (anchor === "") choose(row, true, false);
        choose(next, true, true);
      }
    } else if (event.key === " " && target.tagName === "A") {
      event.preventDefault();
      choose(row, !chosen.has(entryOf(row)?.path ?? ""), event.shiftKey);
    }
  });

  addEventListener("keydown", (event) => {
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    if (isTyping(target) || target.closest("dialog") !== null || event.defaultPrevented) return;
    if (event.key === "a" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) {
      if (body.childElementCount === 0) return;
      event.preventDefault();
      chooseAll(true);
    } else if (event.key === "Escape" && chosen.size > 0) chooseAll(false);
  });

  return {
    /** In the order of the listing. @returns {Entry[]} */
    get entries() {
      return rows().flatMap((row) => {
        const entry = entryOf(row);
        return entry !== undefined && chosen.has(entry.path) ? [entry] : [];
      });
    },
    get all() {
      return all.checked;
    },
    clear: () => chooseAll(false),
    /** After other rows are shown: what is gone is not selected any more. */
    settle() {
      const before = new Set(chosen.keys());
      chosen.clear();
      for (const row of rows()) mark(row, before.has(entryOf(row)?.path ?? ""));
      changed();
    },
  };
}
