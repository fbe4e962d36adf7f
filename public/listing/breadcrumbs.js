// Shows where the current folder is: links to its parent folders, the heading, the page title and the curl command.
// @ts-check
import { folderUrl, shownName, uploadUrl } from "../server/path.js";
import { byId, make, setText } from "../ui/dom.js";

/** @param {string} folder path below the root, "" for the root */
export function showBreadcrumbs(folder) {
  const segments = folder === "" ? [] : folder.split("/");
  const name = shownName(folder);
  const links = segments.map((_, depth) => {
    const path = segments.slice(0, depth).join("/");
    const link = make(
      "a",
      { class: "crumb-link", href: folderUrl(path), "data-folder": path },
      make("bdi", {}, shownName(path)),
    );
    return make("li", { class: "crumb" }, link);
  });
  byId("crumbs", HTMLElement).replaceChildren(...links);
  byId("current-folder", HTMLElement).replaceChildren(make("bdi", {}, name));
  setText(byId("drop-target", HTMLElement), name);
  setText(byId("curl", HTMLElement), `curl -T FILE '${location.origin}${uploadUrl(folder)}'`);
  document.title = folder === "" ? "Sluice" : `${name} – Sluice`;
}
