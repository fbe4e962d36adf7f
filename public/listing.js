// The table of a folder: loads its pages, draws the rows, sorts on the server, keeps what is shown while it reloads.
// @ts-check
import { byId, icon, make, setText } from "./dom.js";
import { fetchEntries } from "./entries.js";
import { entries, exactly, size, when } from "./format.js";
import { iconOf } from "./kind.js";
import { folderUrl } from "./path.js";
import { problemBox } from "./row.js";

/** @import { Entry, Sort } from "./entries.js" */
/** @import { Problem } from "./problem.js" */

const STORED = "sluice.sort";

/**
 * @param {object} listeners
 * @param {(sentence: string) => void} listeners.say
 */
export function listing({ say }) {
  const table = byId("entries", HTMLTableElement);
  const body = byId("entry-rows", HTMLElement);
  const empty = byId("empty", HTMLElement);
  const trouble = byId("list-problem", HTMLElement);
  const foot = byId("list-foot", HTMLElement);
  const more = byId("load-more", HTMLButtonElement);
  const headers = Array.from(table.tHead?.querySelectorAll("th") ?? []);
  let folder = "";
  let sort = storedSort();
  let abort = new AbortController();
  /** @type {string | null} */
  let next = null;
  let shown = 0;

  for (const header of headers) {
    header.querySelector("button")?.addEventListener("click", () => {
      const key = /** @type {Sort["key"]} */ (header.dataset["sort"]);
      // Big and new things are what people look for, so those start descending.
      const first = key === "name" ? "asc" : "desc";
      const order = sort.key !== key ? first : sort.order === "asc" ? "desc" : "asc";
      sort = { key, order };
      storeSort(sort);
      void load(false);
    });
  }
  more.addEventListener("click", async () => {
    const before = body.childElementCount;
    await load(true);
    const link = body.children[before]?.querySelector("a");
    if (more.hidden && link !== null && link !== undefined) link.focus();
  });

  /**
   * @param {boolean} append add the next page to what is shown; otherwise start again, and show as much as was shown
   * @param {number} [wanted] how many entries to show at least
   */
  async function load(append, wanted = 0) {
    abort.abort();
    abort = new AbortController();
    const { signal } = abort;
    table.setAttribute("aria-busy", "true");
    showSort();
    /** @type {Entry[]} */
    const found = [];
    let cursor = append ? next : null;
    try {
      do {
        const page = await fetchEntries({ folder, sort, cursor, signal });
        if ("problem" in page) return showProblem(page.problem, page.status, () => load(append, wanted));
        found.push(...page.entries);
        cursor = page.next;
      } while (cursor !== null && found.length < wanted);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    next = cursor;
    show(found, append);
  }

  /** @param {Entry[]} found @param {boolean} append */
  function show(found, append) {
    const rows = found.map(entryRow);
    if (append) body.append(...rows);
    else replaceRows(body, rows);
    shown = body.childElementCount;
    trouble.hidden = true;
    table.hidden = shown === 0;
    empty.hidden = shown > 0;
    foot.hidden = next === null;
    more.hidden = next === null;
    setText(byId("list-count", HTMLElement), `${entries(shown)} shown, there are more`);
    table.removeAttribute("aria-busy");
  }

  /** @param {Problem} problem @param {number} status @param {() => void} retry */
  function showProblem(problem, status, retry) {
    const button = make("button", { type: "button", class: "list-retry" }, "Retry");
    button.addEventListener("click", retry);
    trouble.replaceChildren(problemBox(problem), button);
    if (status === 404) {
      trouble.append(
        make(
          "p",
          {},
          "Files you drop here make this folder again, or go to ",
          make("a", { href: "/" }, "all files"),
          ".",
        ),
      );
    }
    trouble.hidden = false;
    table.hidden = true;
    empty.hidden = true;
    foot.hidden = true;
    table.removeAttribute("aria-busy");
    say(`${problem.title}. ${problem.detail}`);
  }

  function showSort() {
    for (const header of headers) {
      if (header.dataset["sort"] !== sort.key) header.removeAttribute("aria-sort");
      else header.setAttribute("aria-sort", sort.order === "asc" ? "ascending" : "descending");
    }
  }

  return {
    /** Show another folder. @param {string} path */
    async open(path) {
      folder = path;
      await load(false);
      if (trouble.hidden) say(shown === 0 ? "This folder is empty" : entries(shown));
    },
    /** Look again, after something was saved. */
    refresh: () => load(false, shown),
  };
}

/** @param {Entry} entry */
function entryRow({ path, name, kind, size: bytes, modified, url }) {
  const folder = kind === "folder";
  const link = make(
    "a",
    { class: "entry-link", href: folder ? folderUrl(path) : `${url}?download` },
    icon(iconOf(name, kind), "entry-icon"),
    make("bdi", {}, name),
  );
  // With `download`, a click never leaves the page, so it cannot interrupt uploads.
  if (folder) link.dataset["folder"] = path;
  else link.setAttribute("download", "");
  const time = modified ?? "";
  const date = () => make("time", { datetime: time, title: exactly(time) }, when(time));
  const bytesText = bytes === undefined ? "" : size(bytes);
  return make(
    "tr",
    { class: "entry" },
    make(
      "th",
      { class: "entry-name", scope: "row" },
      link,
      make("span", { class: "entry-note", "aria-hidden": "true" }, date()),
    ),
    make("td", { class: "entry-size" }, bytesText),
    make("td", { class: "entry-modified" }, date()),
  );
}

/** Put new rows in place of the old ones; a focused link keeps its focus. @param {HTMLElement} body @param {HTMLElement[]} rows */
function replaceRows(body, rows) {
  const focused = body.contains(document.activeElement) ? document.activeElement?.getAttribute("href") : null;
  body.replaceChildren(...rows);
  if (typeof focused !== "string") return;
  for (const link of body.querySelectorAll("a")) if (link.getAttribute("href") === focused) link.focus();
}

/** @returns {Sort} */
function storedSort() {
  try {
    const [key, order] = (localStorage.getItem(STORED) ?? "").split(" ");
    if ((key === "name" || key === "size" || key === "modified") && (order === "asc" || order === "desc"))
      return { key, order };
  } catch {
    // Storage may be forbidden; the order is then not remembered.
  }
  return { key: "name", order: "asc" };
}

/** @param {Sort} sort */
function storeSort({ key, order }) {
  try {
    localStorage.setItem(STORED, `${key} ${order}`);
  } catch {
    // As above.
  }
}
