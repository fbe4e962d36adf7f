// The sort order of the listing: set by the column headers and remembered in this browser.
// @ts-check

/** @import { Sort } from "./entries.js" */

const STORAGE_KEY = "sluice.sort";

/**
 * @param {HTMLTableElement} table each sortable header has `data-sort` and a button
 * @param {() => void} onChange
 */
export function createSort(table, onChange) {
  const headers = Array.from(table.tHead?.querySelectorAll("th") ?? []).filter(
    (header) => header.dataset["sort"] !== undefined,
  );
  let sort = loadSort();

  for (const header of headers) {
    header.querySelector("button")?.addEventListener("click", () => {
      const key = /** @type {Sort["key"]} */ (header.dataset["sort"]);
      // Users usually look for the largest or the newest entries, so size and date start in descending order.
      const initial = key === "name" ? "asc" : "desc";
      sort = { key, order: sort.key !== key ? initial : sort.order === "asc" ? "desc" : "asc" };
      saveSort(sort);
      onChange();
    });
  }

  return {
    /** @returns {Sort} */
    get current() {
      return sort;
    },
    /** Marks the sorted column for CSS and screen readers. @param {boolean} sorted false: the rows have no order */
    showInHeaders(sorted) {
      for (const header of headers) {
        if (!sorted || header.dataset["sort"] !== sort.key) header.removeAttribute("aria-sort");
        else header.setAttribute("aria-sort", sort.order === "asc" ? "ascending" : "descending");
      }
    },
  };
}

/** @returns {Sort} */
function loadSort() {
  try {
    const [key, order] = (localStorage.getItem(STORAGE_KEY) ?? "").split(" ");
    if ((key === "name" || key === "size" || key === "modified") && (order === "asc" || order === "desc"))
      return { key, order };
  } catch {
    // The browser may block storage; the sort order is then not remembered.
  }
  return { key: "name", order: "asc" };
}

/** @param {Sort} sort */
function saveSort({ key, order }) {
  try {
    localStorage.setItem(STORAGE_KEY, `${key} ${order}`);
  } catch {
    // The browser may block storage; the sort order is then not remembered.
  }
}
