// The field to search in: results follow the typing, Escape leaves.
// @ts-check

import { may } from "../server/grants.js";
import { byId } from "../ui/dom.js";
import { isBare, isTyping } from "../ui/keys.js";

/** People type faster than that; an earlier search is ended by the next. */
const PAUSE_MS = 200;

/** @param {ReturnType<typeof import("./listing.js").listing>} list */
export function searchBox(list) {
  const input = byId("search", HTMLInputElement);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let asked = "";
  input.hidden = !may("read");

  /** @param {number} pause */
  function ask(pause) {
    clearTimeout(timer);
    const words = input.value.trim();
    if (words === asked) return;
    timer = setTimeout(() => {
      asked = words;
      void list.find(words);
    }, pause);
  }

  input.addEventListener("input", () => ask(input.value.trim() === "" ? 0 : PAUSE_MS));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.preventDefault();
      input.value = "";
      ask(0);
    } else if (event.key === "Enter") ask(0);
    else if (event.key === "ArrowDown") {
      event.preventDefault();
      byId("entry-rows", HTMLElement).querySelector("a")?.focus();
    }
  });
  addEventListener("keydown", (event) => {
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    if (event.key !== "/" || !isBare(event) || isTyping(target) || target.closest("dialog") !== null) return;
    event.preventDefault();
    input.focus();
  });

  return {
    /** Another folder is shown now. */
    clear() {
      clearTimeout(timer);
      input.value = "";
      asked = "";
    },
  };
}
