// The account in the header: a button to log in, or a menu with what one can do with one's account.
// @ts-check
import { onMe } from "../server/me.js";
import { byId, icon, make } from "../ui/dom.js";

/** @import { Me } from "../server/me.js" */

/** @typedef {{ label: string, open: () => void | Promise<void>, isShown?: (me: Me) => boolean }} MenuItem */

/**
 * @param {object} options
 * @param {() => void} options.onLogIn
 * @param {MenuItem[]} options.items
 */
export function createAccountMenu({ onLogIn, items }) {
  const place = byId("account", HTMLElement);
  const logIn = make("button", { type: "button", class: "account-log-in" }, "Log in");
  const name = make("bdi", { class: "account-name" });
  const button = make(
    "button",
    { type: "button", class: "button-quiet account-button", popovertarget: "account-menu" },
    icon("account", ""),
    name,
  );
  const menu = make("div", { class: "menu", id: "account-menu", popover: "" });
  logIn.addEventListener("click", onLogIn);
  menu.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const buttons = [...menu.querySelectorAll("button")];
    const focused = buttons.findIndex((one) => one.matches(":focus"));
    buttons.at((focused + step) % buttons.length)?.focus();
  });
  menu.addEventListener("toggle", () => {
    if (menu.matches(":popover-open")) menu.querySelector("button")?.focus();
  });

  onMe((me) => {
    if (!me.accounts) return place.replaceChildren();
    if (me.name === null) return place.replaceChildren(logIn);
    name.textContent = me.name;
    button.setAttribute("aria-label", `Account ${me.name}`);
    menu.replaceChildren(
      ...items
        .filter(({ isShown }) => isShown?.(me) ?? true)
        .map(({ label, open }) => {
          const item = make("button", { type: "button", class: "menu-item" }, label);
          item.addEventListener("click", () => {
            menu.hidePopover();
            void open();
          });
          return item;
        }),
    );
    place.replaceChildren(button, menu);
  });
}
