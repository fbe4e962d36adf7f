// A list of things that one has, such as tokens or links: a name, a few words about it, and its buttons.
// @ts-check
import { make } from "../ui/dom.js";

/** @typedef {{ label: string, about: string, run: (button: HTMLButtonElement) => void, kind?: "danger" | "quiet" }} ThingButton */

/**
 * @param {object} thing
 * @param {string} thing.name
 * @param {string} thing.note
 * @param {ThingButton[]} [thing.buttons] `about` completes the label for screen readers, such as "Remove" and "Laptop"
 */
export function thing({ name, note, buttons = [] }) {
  return make(
    "li",
    { class: "thing" },
    make(
      "div",
      { class: "thing-text" },
      make("p", { class: "thing-name" }, make("bdi", {}, name)),
      make("p", { class: "thing-note" }, note),
    ),
    make(
      "div",
      { class: "thing-buttons" },
      ...buttons.map(({ label, about, run, kind = "quiet" }) => {
        const attributes = {
          type: "button",
          class: `button-${kind}`,
          "aria-label": `${label} ${about}`.trim(),
        };
        const button = make("button", attributes, label);
        button.addEventListener("click", () => run(button));
        return button;
      }),
    ),
  );
}

/** @param {HTMLElement[]} items @param {string} none a sentence for an empty list */
export function thingList(items, none) {
  if (items.length === 0) return make("p", { class: "panel-note" }, none);
  return make("ul", { class: "things" }, ...items);
}

/** A part of a panel, perhaps under a heading. @param {string} title @param {string} note @param {...Node} content */
export function panelSection(title, note, ...content) {
  const section = make("section", { class: "panel-section" });
  if (title !== "") section.append(make("h3", { class: "panel-title" }, title));
  if (note !== "") section.append(make("p", { class: "panel-note" }, note));
  section.append(...content);
  return section;
}
