// Selects entries: by checkbox, by a click on the row, as a range with Shift, with Ctrl+A, or with the arrow keys and Space.
// @ts-check
import { entryOf } from "../listing/entry-row.js";
import { byId } from "../ui/dom.js";
import { isTextInput, isUnmodified } from "../ui/keys.js";

/** @import { Entry } from "../listing/entries.js" */

/** @param {() => void} onChange */
export function createSelection(onChange) {
  const body = byId("entry-rows", HTMLElement);
  const selectAll = byId("select-all", HTMLInputElement);
  /** Selected entries by path, because a reload of the listing replaces rows. @type {Map<string, Entry>} */
  const selected = new Map();
  /** The path of the row that was selected last, where a range starts. */
  let anchor = "";

  const rows = () => /** @type {HTMLElement[]} */ ([...body.children]);

  /** @param {HTMLElement} row @param {boolean} on */
  function setSelected(row, on) {
    const entry = entryOf(row);
    if (entry === undefined) return;
    if (on) selected.set(entry.path, entry);
    else selected.delete(entry.path);
    row.classList.toggle("entry-selected", on);
    const checkbox = row.querySelector("input");
    if (checkbox !== null) checkbox.checked = on;
  }

  /** @param {HTMLElement} row @param {boolean} on @param {boolean} extend include all rows from the anchor to this one */
  function select(row, on, extend) {
    const list = rows();
    const from = list.findIndex((one) => entryOf(one)?.path === anchor);
    const to = list.indexOf(row);
    const affected = extend && from >= 0 ? list.slice(Math.min(from, to), Math.max(from, to) + 1) : [row];
    for (const one of affected) setSelected(one, on);
    if (!extend || from < 0) anchor = entryOf(row)?.path ?? "";
    changed();
  }

  function changed() {
    selectAll.checked = selected.size > 0 && selected.size === body.childElementCount;
    selectAll.indeterminate = selected.size > 0 && !selectAll.checked;
    onChange();
  }

  /** @param {boolean} on */
  function setAll(on) {
    for (const row of rows()) setSelected(row, on);
    changed();
  }

  /** @param {HTMLElement} row @param {boolean} extend */
  function toggle(row, extend) {
    select(row, !selected.has(entryOf(row)?.path ?? ""), extend);
  }

  body.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const row = target?.closest(".entry");
    if (!(row instanceof HTMLElement) || target === null) return;
    if (target instanceof HTMLInputElement && target.type === "checkbox")
      return select(row, target.checked, event.shiftKey);
    // A click on a control has its own meaning, and the end of a text selection is not a click on the row.
    if (target.closest("a, input, button, label") !== null || getSelection()?.isCollapsed === false) return;
    toggle(row, event.shiftKey);
  });
  // By default a Shift+click selects text.
  body.addEventListener("mousedown", (event) => {
    if (event.shiftKey && !(event.target instanceof HTMLInputElement)) event.preventDefault();
  });
  selectAll.addEventListener("click", () => setAll(selectAll.checked));

  body.addEventListener("keydown", (event) => {
    const target = event.target instanceof HTMLElement ? event.target : null;
    const row = target?.closest(".entry");
    if (!(row instanceof HTMLElement) || target === null) return;
    if (!isUnmodified(event) || isTextInput(target)) return;
    const list = rows();
    const index = list.indexOf(row);
    const destinations = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: list.length - 1 };
    if (event.key in destinations) {
      const next = list[destinations[/** @type {keyof typeof destinations} */ (event.key)]];
      event.preventDefault();
      next?.querySelector(target.tagName === "INPUT" ? "input" : "a")?.focus();
      if (event.shiftKey && next !== undefined) {
        if (anchor === "") select(row, true, false);
        select(next, true, true);
      }
    } else if (event.key === " " && target.tagName === "A") {
      event.preventDefault();
      toggle(row, event.shiftKey);
    }
  });

  addEventListener("keydown", (event) => {
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    if (isTextInput(target) || target.closest("dialog") !== null || event.defaultPrevented) return;
    if (event.key === "a" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) {
      if (body.childElementCount === 0) return;
      event.preventDefault();
      setAll(true);
    } else if (event.key === "Escape" && selected.size > 0) setAll(false);
  });

  return {
    /** The selected entries, in the order of the listing. @returns {Entry[]} */
    get entries() {
      return rows().flatMap((row) => {
        const entry = entryOf(row);
        return entry !== undefined && selected.has(entry.path) ? [entry] : [];
      });
    },
    /** Whether every entry of the listing is selected. */
    get isAll() {
      return selectAll.checked;
    },
    clear: () => setAll(false),
    /** Call after the rows have changed: deselects entries that are no longer listed. */
    reconcile() {
      const before = new Set(selected.keys());
      selected.clear();
      for (const row of rows()) setSelected(row, before.has(entryOf(row)?.path ?? ""));
      changed();
    },
  };
}
