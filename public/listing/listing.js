// The table of a folder, or of what is found below it: loads its pages as they are scrolled to, keeps what is shown while it reloads.
// @ts-check

import { may } from "../server/grants.js";
import { parentOf } from "../server/path.js";
import { byId, make, setText } from "../ui/dom.js";
import { entries } from "../ui/format.js";
import { problemBox } from "../ui/problem-box.js";
import { fetchEntries } from "./entries.js";
import { entryOf, entryRow, showRows, showsAlready } from "./entry-row.js";
import { search } from "./search.js";
import { sorting } from "./sort.js";

/** @import { Entry } from "./entries.js" */
/** @import { Problem } from "../server/problem.js" */

/** Up to so many rows, the next page comes by scrolling; then only when asked for, because each row costs the browser. */
const BY_SCROLLING = 2000;
const INVITATION = {
  title: "Nothing here yet",
  text: may("write")
    ? "Drop the first files on this page, and they appear here as soon as they are saved."
    : "",
};
const FOUND_NOTHING = "No name in this folder, or below it, has all these words.";

/**
 * @param {object} listeners
 * @param {(sentence: string) => void} listeners.say
 * @param {() => void} listeners.onShown other rows are shown
 */
export function listing({ say, onShown }) {
  const table = byId("entries", HTMLTableElement);
  const body = byId("entry-rows", HTMLElement);
  const empty = byId("empty", HTMLElement);
  const trouble = byId("list-problem", HTMLElement);
  const foot = byId("list-foot", HTMLElement);
  const more = byId("load-more", HTMLButtonElement);
  const sort = sorting(table, () => void load(false));
  let folder = "";
  /** What is searched for; "" when the folder itself is shown. */
  let query = "";
  let abort = new AbortController();
  /** @type {string | null} */
  let next = null;
  let loading = false;

  more.addEventListener("click", async () => {
    const before = body.childElementCount;
    await load(true);
    if (more.hidden) body.children[before]?.querySelector("a")?.focus();
  });
  const scrolled = new IntersectionObserver(
    ([seen]) => {
      if (seen?.isIntersecting && !loading && next !== null && body.childElementCount < BY_SCROLLING)
        void load(true);
    },
    { rootMargin: "0px 0px 600px" },
  );

  /**
   * @param {boolean} append add the next page to what is shown; otherwise start again, and show as much as was shown
   * @param {number} [wanted] how many entries to show at least
   */
  async function load(append, wanted = 0) {
    abort.abort();
    abort = new AbortController();
    const { signal } = abort;
    loading = true;
    table.setAttribute("aria-busy", "true");
    sort.show(query === "");
    if (query !== "") return await find(signal, () => load(false));
    /** @type {Entry[]} */
    const found = [];
    let cursor = append ? next : null;
    try {
      do {
        const page = await fetchEntries({
          folder,
          sort: sort.current,
          cursor,
          signal,
          wanted: wanted - found.length,
        });
        if ("problem" in page) return showProblem(page.problem, page.status, () => load(append, wanted));
        found.push(...page.entries);
        cursor = page.next;
      } while (cursor !== null && found.length < wanted);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    next = cursor;
    show(found, append, next === null ? "" : "there are more");
  }

  /** @param {AbortSignal} signal @param {() => void} retry */
  async function find(signal, retry) {
    /** @type {Entry[]} */
    let found = [];
    next = null;
    try {
      const result = await search({
        query,
        folder,
        signal,
        onFound(some) {
          found = some;
          show(found, false, "still searching");
        },
      });
      if ("problem" in result) return showProblem(result.problem, result.status, retry);
      show(found, false, result.missing);
      say(`${entries(found.length)} found${result.missing === "" ? "" : `, ${result.missing}`}`);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** @param {Entry[]} found @param {boolean} append @param {string} missing what is not shown, for people */
  function show(found, append, missing) {
    const old = /** @type {HTMLElement[]} */ ([...body.children]);
    const known = new Map(old.map((row) => [entryOf(row)?.path, row]));
    const rows = found.map((entry) => {
      const row = known.get(entry.path);
      const where = query === "" ? undefined : parentOf(entry.path);
      return row !== undefined && showsAlready(row, entry, where) ? row : entryRow(entry, where);
    });
    const paths = new Set(found.map(({ path }) => path));
    // A page may begin with what moved down meanwhile.
    const before = append ? old.filter((row) => !paths.has(entryOf(row)?.path ?? "")) : [];
    showRows(body, [...before, ...rows]);
    loading = false;
    trouble.hidden = true;
    table.hidden = body.childElementCount === 0;
    empty.hidden = !table.hidden;
    foot.hidden = missing === "";
    more.hidden = next === null;
    setText(byId("list-count", HTMLElement), `${entries(body.childElementCount)} shown, ${missing}`);
    setText(byId("empty-title", HTMLElement), query === "" ? INVITATION.title : "Nothing found");
    setText(byId("empty-text", HTMLElement), query === "" ? INVITATION.text : FOUND_NOTHING);
    table.removeAttribute("aria-busy");
    // Observed anew: a foot that is still in sight would else stay silent.
    scrolled.disconnect();
    if (next !== null) scrolled.observe(foot);
    onShown();
  }

  /** @param {Problem} problem @param {number} status @param {() => void} retry */
  function showProblem(problem, status, retry) {
    const button = make("button", { type: "button", class: "list-retry" }, "Retry");
    button.addEventListener("click", retry);
    trouble.replaceChildren(problemBox(problem), button);
    if (status === 404) {
      const all = make("a", { href: "/" }, "all files");
      trouble.append(make("p", {}, "Files you drop here make this folder again, or go to ", all, "."));
    }
    loading = false;
    body.replaceChildren();
    trouble.hidden = false;
    table.hidden = true;
    empty.hidden = true;
    foot.hidden = true;
    table.removeAttribute("aria-busy");
    say(`${problem.title}. ${problem.detail}`);
    onShown();
  }

  return {
    /** Show another folder. @param {string} path */
    async open(path) {
      folder = path;
      query = "";
      await load(false);
      const n = body.childElementCount;
      if (trouble.hidden) say(n === 0 ? "This folder is empty" : entries(n));
    },
    /** Look again, after something was saved: where everything was shown, there is room for what is new. */
    refresh: () => load(false, body.childElementCount + (next === null ? 200 : 0)),
    /** Show what is found below the folder. @param {string} words "" for the folder itself */
    async find(words) {
      query = words;
      await load(false);
    },
    get searching() {
      return query !== "";
    },
    /** Is everything in the folder shown? */
    get whole() {
      return next === null && trouble.hidden && query === "";
    },
  };
}
