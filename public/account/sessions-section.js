// The browsers in which one is logged in, and logging out there.
// @ts-check
import { loaded } from "../forms/loaded.js";
import { panelSection, thing, thingList } from "../forms/things.js";
import { callApi } from "../server/api.js";
import { browserName } from "../ui/browser-name.js";
import { shortDate } from "../ui/format.js";

export function sessionsSection() {
  const list = loaded("/api/account/sessions", ({ sessions }, reload) => {
    /** @param {string} id @param {HTMLButtonElement} button */
    async function end(id, button) {
      button.disabled = true;
      await callApi(`/api/account/sessions/${id}`, { method: "DELETE" });
      reload();
    }
    const items = sessions.map(
      (/** @type {{ id: string, browser: string, created: string, current: boolean }} */ session) => {
        const { id, browser, created, current } = session;
        const name = browserName(browser);
        const about = `${name}, since ${shortDate(created)}`;
        return thing({
          name,
          note: current ? "This browser" : `Since ${shortDate(created)}`,
          buttons: current ? [] : [{ label: "Log out", about, run: (button) => void end(id, button) }],
        });
      },
    );
    return [thingList(items, "You are logged in nowhere else.")];
  });
  return panelSection("Where you are logged in", "", list.element);
}
