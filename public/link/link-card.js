// The card that every view of a link has: an icon, a heading, and a line about the sender and the end of the link.
// @ts-check
import { icon, make } from "../ui/dom.js";
import { count, shortDate } from "../ui/format.js";

/**
 * @typedef {object} LinkInfo
 * @property {"file" | "folder" | "drop"} kind
 * @property {string} name
 * @property {string} account the name of the account that made the link
 * @property {string} note
 * @property {string | null} expires
 * @property {number} [size] bytes of a file
 * @property {number | null} [downloads] that are left
 * @property {number | null} [maxBytes] that a drop still takes
 * @property {number | null} [maxFiles]
 * @property {number | null} [largest]
 * @property {boolean} [askName]
 * @property {string} [sender] the name that was given before
 */

/**
 * @param {object} options
 * @param {string} options.icon
 * @param {string | Node} options.title
 * @param {LinkInfo} [options.info]
 * @param {Node[]} options.content
 */
export function card({ icon: name, title, info, content }) {
  const heading = make("h1", { class: "link-title", tabindex: "-1" }, title);
  const head = make("div", { class: "link-head" }, icon(name, "link-icon"), heading);
  const parts = info === undefined ? [] : aboutLink(info);
  return make("section", { class: "card link-card" }, head, ...parts, ...content);
}

/** @param {LinkInfo} info */
function aboutLink({ kind, account, note, expires, downloads }) {
  const facts = [
    kind === "drop" ? "" : `Shared by ${account}`,
    expires === null ? "" : `Available until ${shortDate(expires)}`,
    typeof downloads === "number" && kind === "file" ? downloadsLeft(downloads) : "",
  ].filter((fact) => fact !== "");
  const parts = facts.map((fact) => make("li", {}, fact));
  return [
    ...(note === "" ? [] : [make("blockquote", { class: "link-note" }, make("p", {}, note))]),
    ...(parts.length === 0 ? [] : [make("ul", { class: "link-facts" }, ...parts)]),
  ];
}

/** @param {number} downloads */
function downloadsLeft(downloads) {
  if (downloads === 0) return "You have downloaded it";
  return downloads === 1 ? "Can be downloaded once" : `Can be downloaded ${count(downloads)} times`;
}
