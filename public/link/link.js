// The page of a link: asks what it is for, and shows a file, a folder, a place for files, or why there is nothing.
// @ts-check
import { callApi } from "../server/api.js";
import { serverPath, serverUrl } from "../server/base.js";
import { shownName } from "../server/path.js";
import { createAnnouncer } from "../ui/announce.js";
import { byId, make } from "../ui/dom.js";
import { dropView } from "./drop-view.js";
import { fileView } from "./file-view.js";
import { folderView } from "./folder-view.js";
import { card } from "./link-card.js";
import { passwordView } from "./password-view.js";

/** @import { LinkInfo } from "./link-card.js" */

const main = byId("main", HTMLElement);
const announce = createAnnouncer(byId("status", HTMLElement));
/** The link, below the base path. */
const link = serverPath(location.pathname).replace(/\/+$/, "");
const token = link.slice(link.lastIndexOf("/") + 1);

async function open() {
  const { body, problem } = await callApi(`${link}/info`);
  main.removeAttribute("aria-busy");
  if (problem !== undefined) return show(refusal(problem));
  if (body["needsPassword"] === true) return show(passwordView(link, () => void open()));
  const info = /** @type {LinkInfo} */ (body);
  const name = shownName(info.name);
  const base = serverUrl(link);
  document.title = info.kind === "drop" ? `Send files to ${info.account}` : name;
  if (info.kind === "file") show(fileView(base, info));
  else if (info.kind === "folder") show(folderView({ link, base, info, announce }));
  else show(dropView({ token, link, info, announce }));
}

/** @param {Node} view */
function show(view) {
  main.replaceChildren(view);
  main.querySelector("h1")?.focus();
}

/** @param {import("../server/problem.js").Problem} problem */
function refusal({ code, title, detail }) {
  if (code === "link_gone")
    return deadEnd(
      "This link is closed",
      "It has expired, was used up, or was withdrawn. Ask the person who sent it to you for a new one.",
    );
  if (code === "not_found")
    return deadEnd(
      "There is no such link",
      "Check that the whole address was copied. If it was, ask the person who sent it to you.",
    );
  const again = make("button", { type: "button", class: "button-main" }, "Try again");
  again.addEventListener("click", () => void open());
  return card({ icon: "failed", title, content: [make("p", {}, detail), again] });
}

/** A link that opens nothing, whatever the visitor does here. @param {string} title @param {string} text */
function deadEnd(title, text) {
  document.title = title;
  return card({ icon: "failed", title, content: [make("p", {}, text)] });
}

void open();
