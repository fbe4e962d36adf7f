// Shows a problem as a box with its title, its detail and its list of errors.
// @ts-check
import { make } from "./dom.js";
import { count } from "./format.js";

/** @import { Problem } from "../server/problem.js" */

/** @param {Problem} problem */
export function problemBox({ title, detail, errors, omitted }) {
  const box = make("div", { class: "problem" }, make("p", { class: "problem-title" }, title));
  if (detail !== "") box.append(make("p", {}, detail));
  const lines = errors.filter((line) => line !== "" && line !== detail);
  if (omitted > 0) lines.push(`and ${count(omitted)} more`);
  if (lines.length > 0)
    box.append(make("ul", { class: "problem-list" }, ...lines.map((line) => make("li", {}, line))));
  return box;
}
