// Choices: several checkboxes under one label, and a list of which one is chosen.
// @ts-check
import { make } from "../ui/dom.js";

let lists = 0;

/**
 * @param {string} label "" for none
 * @param {[string, string][]} options values and their labels
 * @param {string[]} chosen at first
 */
export function choices(label, options, chosen) {
  const boxes = options.map(([value, text]) => {
    const box = make("input", { type: "checkbox", class: "check-box", value });
    box.defaultChecked = chosen.includes(value);
    return { box, element: make("label", { class: "choice" }, box, text) };
  });
  return {
    element: make(
      "fieldset",
      { class: "choices" },
      ...(label === "" ? [] : [make("legend", {}, label)]),
      ...boxes.map(({ element }) => element),
    ),
    values: () => boxes.filter(({ box }) => box.checked).map(({ box }) => box.value),
  };
}

/**
 * @param {string} label
 * @param {[string, string][]} options values and their labels
 * @param {string} chosen at first
 */
export function selectField(label, options, chosen) {
  const id = `select-${++lists}`;
  const select = make("select", { class: "field", id });
  for (const [value, text] of options)
    select.append(new Option(text, value, value === chosen, value === chosen));
  const element = make(
    "div",
    { class: "field-group" },
    make("label", { class: "field-label", for: id }, label),
    select,
  );
  return { element, select };
}
