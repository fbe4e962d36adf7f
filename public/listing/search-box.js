// The search field: searches while the user types, and returns to the folder on Escape.
// @ts-check
import { isGranted, onMe } from "../server/me.js";
import { byId } from "../ui/dom.js";
import { isTextInput, isUnmodified } from "../ui/keys.js";

/** The pause in typing after which a search starts. A new search cancels the previous one. */
const TYPING_PAUSE_MS = 200;

/** @param {ReturnType<typeof import("./listing.js").createListing>} list */
export function createSearchBox(list) {
  const input = byId("search", HTMLInputElement);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let lastQuery = "";
  onMe(() => {
    input.hidden = !isGranted("list");
  });

  /** @param {number} delay milliseconds */
  function searchAfter(delay) {
    clearTimeout(timer);
    const query = input.value.trim();
    if (query === lastQuery) return;
    timer = setTimeout(() => {
      lastQuery = query;
      void list.search(query);
    }, delay);
  }

  input.addEventListener("input", () => searchAfter(input.value.trim() === "" ? 0 : TYPING_PAUSE_MS));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.preventDefault();
      input.value = "";
      searchAfter(0);
    } else if (event.key === "Enter") searchAfter(0);
    else if (event.key === "ArrowDown") {
      event.preventDefault();
      byId("entry-rows", HTMLElement).querySelector("a")?.focus();
    }
  });
  addEventListener("keydown", (event) => {
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    if (event.key !== "/" || !isUnmodified(event) || isTextInput(target)) return;
    if (target.closest("dialog") !== null) return;
    event.preventDefault();
    input.focus();
  });

  return {
    /** Call after another folder is opened. */
    reset() {
      clearTimeout(timer);
      input.value = "";
      lastQuery = "";
    },
  };
}
