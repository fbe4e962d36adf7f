// The table of entries: shows a folder or search results, loads more pages on scroll, and keeps its rows while it reloads.
// @ts-check
import { isGranted, me, meKnown } from "../server/me.js";
import { folderUrl, parentOf } from "../server/path.js";
import { byId, make, setText } from "../ui/dom.js";
import { entryCount } from "../ui/format.js";
import { problemBox } from "../ui/problem-box.js";
import { fetchEntries } from "./entries.js";
import { entryOf, entryRow, isUpToDate, replaceRows } from "./entry-row.js";
import { searchEntries } from "./search.js";
import { readServerCursor, readServerRows } from "./server-rows.js";
import { createSort } from "./sort.js";

/** @import { Entry } from "./entries.js" */
/** @import { Problem } from "../server/problem.js" */

/** With more rows than this, the next page loads only on request, because every row slows down the browser. */
const MAX_ROWS_BY_SCROLLING = 2000;
const EMPTY_FOLDER = { title: "This folder is empty", text: "" };
const EMPTY_FOLDER_FOR_UPLOADS = {
  title: EMPTY_FOLDER.title,
  text: "Drop files here to upload them. They appear in this list once they are saved.",
};
const NO_RESULTS = {
  title: "No results",
  text: "No file or folder name below this folder contains all of these words. Check the spelling, or search in a parent folder.",
};

/**
 * @param {object} options
 * @param {import("../ui/announce.js").Announce} options.announce
 * @param {() => void} options.onRowsChanged
 * @param {() => void} options.onLoginRequired nothing can be shown without a login
 * @param {() => void} options.onReload the user asks again after a problem
 */
export function createListing({ announce, onRowsChanged, onLoginRequired, onReload }) {
  const table = byId("entries", HTMLTableElement);
  const body = byId("entry-rows", HTMLElement);
  const empty = byId("empty", HTMLElement);
  const problemArea = byId("list-problem", HTMLElement);
  const foot = byId("list-foot", HTMLElement);
  const more = byId("load-more", HTMLButtonElement);
  const sort = createSort(table, () => void load(false));
  let folder = "";
  /** The search query; "" while the folder itself is shown. */
  let query = "";
  let abort = new AbortController();
  /** The cursor of the next page; null after the last page. @type {string | null} */
  let next = null;
  let loading = false;
  /** The rows that the server wrote belong to the folder that is opened first. */
  let isFirst = true;

  more.addEventListener("click", async () => {
    const rowsBefore = body.childElementCount;
    await load(true);
    if (more.hidden) body.children[rowsBefore]?.querySelector("a")?.focus();
  });
  const footObserver = new IntersectionObserver(
    ([observed]) => {
      if (!observed?.isIntersecting || loading || next === null) return;
      if (body.childElementCount < MAX_ROWS_BY_SCROLLING) void load(true);
    },
    { rootMargin: "0px 0px 600px" },
  );

  /**
   * @param {boolean} append true: add the next page to the rows; false: reload from the first page
   * @param {number} [minimum] how many entries to load at least
   */
  async function load(append, minimum = 0) {
    abort.abort();
    abort = new AbortController();
    const { signal } = abort;
    loading = true;
    table.setAttribute("aria-busy", "true");
    sort.showInHeaders(query === "");
    if (query !== "") return await loadResults(signal, () => load(false));
    /** @type {Entry[]} */
    const loaded = [];
    let cursor = append ? next : null;
    let skipped = 0;
    try {
      do {
        const needed = minimum - loaded.length;
        const page = await fetchEntries({ folder, sort: sort.current, cursor, signal, needed });
        if ("problem" in page) return showProblem(page.problem, page.status, () => load(append, minimum));
        loaded.push(...page.entries);
        cursor = page.next;
        skipped = page.skipped;
      } while (cursor !== null && loaded.length < minimum);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    // A row looks different when its file may not be downloaded.
    await meKnown();
    if (signal.aborted) return;
    next = cursor;
    const last =
      skipped === 0
        ? ""
        : `${entryCount(skipped)} cannot be shown: ${skipped === 1 ? "rename it" : "rename them"} on the server`;
    show(loaded, append, next === null ? last : "there are more");
  }

  /** @param {AbortSignal} signal @param {() => void} reload */
  async function loadResults(signal, reload) {
    /** @type {Entry[]} */
    let found = [];
    next = null;
    try {
      const result = await searchEntries({
        query,
        folder,
        signal,
        onFound(entries) {
          found = entries;
          show(found, false, "the search is still running");
        },
      });
      if ("problem" in result) return showProblem(result.problem, result.status, reload);
      show(found, false, result.incomplete);
      const suffix = result.incomplete === "" ? "" : `; ${result.incomplete}`;
      announce(`${entryCount(found.length)} found${suffix}`);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** @param {Entry[]} entries @param {boolean} append @param {string} incomplete why this is not everything; "" if it is */
  function show(entries, append, incomplete) {
    const oldRows = /** @type {HTMLElement[]} */ ([...body.children]);
    const rowByPath = new Map(oldRows.map((row) => [entryOf(row)?.path, row]));
    const rows = entries.map((entry) => {
      const row = rowByPath.get(entry.path);
      const location = query === "" ? undefined : parentOf(entry.path);
      return row !== undefined && isUpToDate(row, entry, location) ? row : entryRow(entry, location);
    });
    const paths = new Set(entries.map(({ path }) => path));
    // New entries may have shifted old ones onto this page; they must not be shown twice.
    const rowsBefore = append ? oldRows.filter((row) => !paths.has(entryOf(row)?.path ?? "")) : [];
    replaceRows(body, [...rowsBefore, ...rows]);
    loading = false;
    problemArea.hidden = true;
    table.hidden = body.childElementCount === 0;
    foot.hidden = incomplete === "";
    more.hidden = next === null;
    setText(byId("list-count", HTMLElement), `${entryCount(body.childElementCount)} shown; ${incomplete}`);
    if (table.hidden)
      showEmpty(query !== "" ? NO_RESULTS : isGranted("write") ? EMPTY_FOLDER_FOR_UPLOADS : EMPTY_FOLDER);
    else empty.hidden = true;
    table.removeAttribute("aria-busy");
    // The observer fires only on changes, so a foot that is still in view must be observed again.
    footObserver.disconnect();
    if (next !== null) footObserver.observe(foot);
    onRowsChanged();
  }

  /** @param {{ title: string, text: string }} texts */
  function showEmpty({ title, text }) {
    setText(byId("empty-title", HTMLElement), title);
    setText(byId("empty-text", HTMLElement), text);
    empty.hidden = false;
  }

  /** An account that nothing has been granted to yet. */
  function showNothingGranted() {
    showEmpty({
      title: "Nothing is shared with you yet",
      text: "An owner of this server decides which folders you can open. Ask for one, then reload this page.",
    });
  }

  /** A folder whose files may not be listed may still accept uploads. */
  function showUnlisted() {
    const login = me().accounts && me().name === null ? " Log in to see what others have uploaded." : "";
    showEmpty({
      title: "The files here are not shown",
      text: isGranted("write") ? `What you upload is saved, but you cannot see it in this list.${login}` : "",
    });
  }

  /** @param {Problem} problem @param {number} status @param {() => void} reload */
  async function showProblem(problem, status, reload) {
    const { signal } = abort;
    await meKnown();
    if (signal.aborted) return;
    const button = make("button", { type: "button", class: "list-retry" }, "Reload list");
    button.addEventListener("click", () => {
      onReload();
      reload();
    });
    problemArea.replaceChildren(problemBox(problem), button);
    if (status === 404 && isGranted("write")) {
      const root = make("a", { href: folderUrl("") }, "root folder");
      problemArea.append(
        make("p", {}, "To create this folder again, drop files here. Otherwise, go to the ", root, "."),
      );
    }
    loading = false;
    body.replaceChildren();
    const unlisted = problem.code === "login_required" || problem.code === "not_allowed";
    const nothing = problem.code === "not_found" && folder === "" && me().name !== null;
    problemArea.hidden = unlisted || nothing;
    table.hidden = true;
    empty.hidden = true;
    foot.hidden = true;
    table.removeAttribute("aria-busy");
    if (problem.code === "login_required" && !isGranted("write")) onLoginRequired();
    else if (unlisted) showUnlisted();
    else if (nothing) showNothingGranted();
    else announce(`${problem.title}. ${problem.detail}`);
    onRowsChanged();
  }

  return {
    /** Shows another folder. @param {string} path */
    async open(path) {
      folder = path;
      query = "";
      if (isFirst && body.childElementCount > 0) {
        next = readServerCursor(foot);
        show(readServerRows(body), false, next === null ? "" : "there are more");
      }
      isFirst = false;
      await load(false);
      const entries = body.childElementCount;
      if (problemArea.hidden && !document.body.classList.contains("is-locked"))
        announce(entries === 0 ? EMPTY_FOLDER.title : entryCount(entries));
    },
    /** Reloads the rows. If all entries are shown, one page more is requested, so that new entries appear too. */
    refresh: () => load(false, body.childElementCount + (next === null ? 200 : 0)),
    /** Shows search results. @param {string} words "" returns to the folder */
    async search(words) {
      query = words;
      await load(false);
    },
    get isSearching() {
      return query !== "";
    },
    /** Whether all entries of the folder are shown. */
    get isComplete() {
      return next === null && problemArea.hidden && query === "";
    },
  };
}
