// Creates and finds elements. Text only ever becomes text nodes, so no file name can be parsed as markup.
// @ts-check

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** An icon from the symbols in the page, hidden from screen readers. @param {string} name @param {string} className */
export function icon(name, className) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `icon ${className}`);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** Changes the symbol of an icon. @param {Element} svg @param {string} name */
export function setIcon(svg, name) {
  svg.firstElementChild?.setAttribute("href", `#icon-${name}`);
}

/**
 * Finds an element that the HTML of the page has.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const node = document.getElementById(id);
  if (!(node instanceof type)) throw new Error(`The page has no ${type.name} with id "${id}"`);
  return node;
}

/** Sets text, and leaves the document untouched when the text has not changed. @param {Node} node @param {string} text */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Joins the parts that are not empty with a middle dot. @param {string[]} parts */
export function joinWithDots(...parts) {
  return parts.filter((part) => part !== "").join(" · ");
}
