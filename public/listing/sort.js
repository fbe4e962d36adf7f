// The order of listings: chosen by the table's headers, remembered by this browser.
// @ts-check

/** @import { Sort } from "./entries.js" */

const STORED = "sluice.sort";

/**
 * @param {HTMLTableElement} table its headers have `data-sort` and a button
 * @param {() => void} onChange
 */
export function sorting(table, onChange) {
  const headers = Array.from(table.tHead?.querySelectorAll("th") ?? []).filter(
    (header) => header.dataset["sort"] !== undefined,
  );
  let sort = stored();

  for (const header of headers) {
    header.querySelector("button")?.addEventListener("click", () => {
      const key = /** @type {Sort["key"]} */ (header.dataset["sort"]);
      // Big and new things are what people look for, so those start descending.
      const first = key === "name" ? "asc" : "desc";
      sort = { key, order: sort.key !== key ? first : sort.order === "asc" ? "desc" : "asc" };
      store(sort);
      onChange();
    });
  }

  return {
    /** @returns {Sort} */
    get current() {
      return sort;
    },
    /** Say in the headers how rows are sorted. @param {boolean} sorted */
    show(sorted) {
      for (const header of headers) {
        if (!sorted || header.dataset["sort"] !== sort.key) header.removeAttribute("aria-sort");
        else header.setAttribute("aria-sort", sort.order === "asc" ? "ascending" : "descending");
      }
    },
  };
}

/** @returns {Sort} */
function stored() {
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
function store({ key, order }) {
  try {
    localStorage.setItem(STORED, `${key} ${order}`);
  } catch {
    // As above.
  }
}
