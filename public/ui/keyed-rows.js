// Keeps the rows of a list in step with the things to show: a row is made once, moved when the order changes, and removed with its thing.
// @ts-check

/**
 * @template {object} Thing
 * @param {Element} list
 * @param {(thing: Thing) => { element: Element, update: () => void }} makeRow
 * @returns {(things: readonly Thing[]) => void} shows these, in this order, and updates their rows
 */
export function keyedRows(list, makeRow) {
  /** @type {Map<Thing, ReturnType<typeof makeRow>>} */
  const rows = new Map();

  return (things) => {
    const remaining = new Set(things);
    for (const [thing, { element }] of rows) {
      if (remaining.has(thing)) continue;
      element.remove();
      rows.delete(thing);
    }
    let next = list.firstElementChild;
    for (const thing of things) {
      const row = rows.get(thing) ?? makeRow(thing);
      rows.set(thing, row);
      row.update();
      if (row.element === next) next = next.nextElementSibling;
      else list.insertBefore(row.element, next);
    }
  };
}
