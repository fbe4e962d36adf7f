// A link to a folder: one button for everything, and a list of the files with a button each. Subfolders are in the address after #.
// @ts-check
import { failureText } from "../forms/action-form.js";
import { callApi } from "../server/api.js";
import { encodePath, join, nameOf, parentOf, shownName } from "../server/path.js";
import { icon, make } from "../ui/dom.js";
import { entryCount, size } from "../ui/format.js";
import { iconFor } from "../ui/icon.js";
import { card } from "./link-card.js";

/** @import { LinkInfo } from "./link-card.js" */
/** @import { Entry } from "../listing/entries.js" */

const PAGE = 200;

/**
 * @param {object} options
 * @param {string} options.link below the base path
 * @param {string} options.base the URL of the link
 * @param {LinkInfo} options.info
 * @param {import("../ui/announce.js").Announce} options.announce
 */
export function folderView({ link, base, info, announce }) {
  const rootName = shownName(info.name);
  const crumbs = make("nav", { class: "shared-crumbs", "aria-label": "Folder" });
  const all = make("a", { class: "button button-main link-main", download: "" });
  const list = make("ul", { class: "shared" });
  const none = make("p", { class: "panel-note" }, "This folder is empty.");
  const error = make("p", { class: "form-error", role: "alert" });
  const more = make("button", { type: "button" }, "Show more");
  let folder = "";
  /** @type {string | null} */
  let next = null;

  more.addEventListener("click", () => void load(true));
  addEventListener("hashchange", () => void open());

  function open() {
    folder = decodeURIComponent(location.hash.slice(1)).replace(/^\/+|\/+$/g, "");
    const label = folder === "" ? rootName : nameOf(folder);
    all.href = `${base}/archive?${new URLSearchParams(folder === "" ? {} : { folder })}`;
    all.replaceChildren(
      icon("download", ""),
      "Download all",
      make("span", { class: "link-size" }, "as a zip file"),
    );
    crumbs.hidden = folder === "";
    crumbs.replaceChildren(
      make(
        "a",
        { href: `#${encodePath(parentOf(folder))}` },
        `← ${parentOf(folder) === "" ? rootName : nameOf(parentOf(folder))}`,
      ),
      make("strong", {}, make("bdi", {}, label)),
    );
    void load(false);
  }

  /** @param {boolean} append */
  async function load(append) {
    const opened = folder;
    const query = new URLSearchParams({ folder, limit: String(PAGE), foldersFirst: "true" });
    if (append && next !== null) query.set("cursor", next);
    const answer = await callApi(`${link}/entries?${query}`);
    if (opened !== folder) return;
    error.textContent = answer.problem === undefined ? "" : failureText(answer);
    if (answer.problem !== undefined) return list.replaceChildren();
    const items = answer.body["entries"].map((/** @type {Entry} */ entry) => row(entry));
    next = answer.body["next"];
    if (append) list.append(...items);
    else list.replaceChildren(...items);
    more.hidden = next === null;
    const total = list.childElementCount;
    none.hidden = total > 0;
    list.hidden = total === 0;
    all.hidden = total === 0;
    announce(total === 0 ? "This folder is empty" : entryCount(total));
  }

  /** @param {Entry} entry */
  function row({ name, path, kind, size: bytes }) {
    const isFolder = kind === "folder";
    const attributes = isFolder
      ? { class: "shared-link", href: `#${encodePath(join(folder, name))}` }
      : { class: "shared-link", href: `${base}/files/${encodePath(path)}?download`, download: "" };
    return make(
      "li",
      {},
      make(
        "a",
        attributes,
        icon(iconFor(name, kind), "shared-icon"),
        make("bdi", { class: "shared-name" }, name),
        make("span", { class: "shared-size" }, bytes === undefined ? "" : size(bytes)),
        ...(isFolder ? [] : [icon("download", "shared-download")]),
      ),
    );
  }

  more.hidden = true;
  none.hidden = true;
  open();
  return card({
    icon: "folder",
    title: make("bdi", {}, rootName),
    info,
    content: [all, crumbs, error, none, list, more],
  });
}
