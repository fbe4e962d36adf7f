// Uploads from before the page was opened that wait for their file: how far they are, and how they go on.
// @ts-check
import { call } from "../server/api.js";
import { may } from "../server/grants.js";
import { folderUrl, nameOf, parentOf } from "../server/path.js";
import { byId, make } from "../ui/dom.js";
import { size } from "../ui/format.js";
import { discard } from "../upload/resumable.js";
import { forget, unfinished } from "../upload/unfinished.js";

/** @import { Queue } from "../upload/queue.js" */
/** @import { Unfinished } from "../upload/unfinished.js" */

/** Most that are shown: the others go on, too, when their files come. */
const MOST = 5;

/** @param {import("../ui/announce.js").Say} say */
export function unfinishedList(say) {
  const box = byId("unfinished", HTMLElement);
  const list = byId("unfinished-list", HTMLElement);
  /** @type {Map<string, HTMLElement>} */
  const rows = new Map();

  /** Not by HEAD, which would end what another window sends just now. */
  async function look() {
    const known = unfinished();
    if (known.length === 0 || !may("read")) return;
    const { body, problem } = await call("/api/uploads");
    if (problem !== undefined) return;
    for (const upload of known.reverse()) {
      const there = body["uploads"].find((/** @type {{ id: string }} */ { id }) => id === upload.id);
      if (there?.state === "waiting" && rows.size < MOST) show(upload, there.received);
    }
    box.hidden = rows.size === 0;
  }

  /** @param {Unfinished} upload @param {number} received */
  function show(upload, received) {
    const { key, url, path, size: bytes } = upload;
    const folder = parentOf(path);
    const name = make("bdi", {}, nameOf(path));
    const where = make(
      "a",
      { href: folderUrl(folder), "data-folder": folder },
      make("bdi", {}, folder === "" ? "Files" : nameOf(folder)),
    );
    const button = make("button", { type: "button", class: "button-quiet" }, "Forget");
    button.setAttribute("aria-label", `Forget ${nameOf(path)}`);
    const row = make(
      "li",
      { class: "unfinished" },
      make("p", {}, make("strong", {}, name), ` · ${size(received)} of ${size(bytes)} arrived, into `, where),
      button,
    );
    button.addEventListener("click", async () => {
      if (!(await discard(url))) return say("The server did not answer. Try again");
      forget(key);
      remove(path);
      say(`${nameOf(path)} is forgotten`);
      if (!box.contains(document.activeElement)) byId("choose-files", HTMLElement).focus();
    });
    rows.set(path, row);
    list.append(row);
  }

  /** @param {string} path */
  function remove(path) {
    rows.get(path)?.remove();
    rows.delete(path);
    box.hidden = rows.size === 0;
  }

  void look();
  return {
    /** What goes on is shown among the uploads. @param {Queue} queue */
    update({ running }) {
      if (rows.size > 0) for (const { path } of running) remove(path);
    },
  };
}
