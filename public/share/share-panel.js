// The panel that makes a link to a file or folder, and lists the links there are.
// @ts-check
import { actionForm } from "../forms/action-form.js";
import { openPanel } from "../forms/panel.js";
import { panelSection } from "../forms/things.js";
import { callApi } from "../server/api.js";
import { isGranted } from "../server/me.js";
import { make } from "../ui/dom.js";
import { linkFields } from "./link-fields.js";
import { linkList } from "./link-list.js";
import { linkResult } from "./link-result.js";

/** @import { Link } from "./link-fields.js" */

/** @param {{ path: string, name: string, kind: "file" | "folder" }} entry */
export function openSharePanel({ path, name, kind }) {
  const list = linkList(path);
  const heading = kind === "folder" ? `Share the folder “${name}”` : `Share “${name}”`;
  const form = shareForm({ path, kind }, (link) => {
    const result = linkResult(link);
    form.replaceWith(result);
    result.scrollIntoView({ block: "nearest" });
    result.querySelector("input")?.focus();
    list.reload();
  });
  openPanel({ title: heading, content: [form, panelSection("Links to it", "", list.element)] });
}

/** The panel with all links of one's account. */
export function openLinksPanel() {
  openPanel({
    title: "Links",
    content: [
      make("p", { class: "panel-note" }, "To make one, select a file or open a folder, then choose Share."),
      linkList(undefined).element,
    ],
  });
}

/** @param {{ path: string, kind: "file" | "folder" }} entry @param {(link: Link) => void} onDone */
function shareForm({ path, kind }, onDone) {
  const place = make("div", { class: "loaded" });
  const isDrop = make("input", { type: "radio", name: "kind", value: "drop", class: "check-box" });
  const isShared = make("input", { type: "radio", name: "kind", value: "", class: "check-box" });
  const canShare = isGranted("read");
  const canDrop = kind === "folder" && isGranted("write");
  isShared.checked = canShare;
  isDrop.checked = !canShare;
  const kinds = make(
    "fieldset",
    { class: "choices" },
    make("legend", {}, "People with the link can"),
    make("label", { class: "choice" }, isShared, "see and download the files"),
    make("label", { class: "choice" }, isDrop, "only send files to it, and see nothing"),
  );
  kinds.hidden = !canShare || !canDrop;
  let fields = linkFields(isDrop.checked ? "drop" : kind);

  function showFields() {
    fields = linkFields(isDrop.checked ? "drop" : kind);
    place.replaceChildren(...fields.elements);
  }

  showFields();
  kinds.addEventListener("change", showFields);
  return actionForm({
    fields: [kinds, place],
    label: "Make link",
    send: () => {
      const json = { path, kind: isDrop.checked ? "drop" : kind, ...fields.values() };
      return callApi("/api/links", { method: "POST", json });
    },
    onDone: (body) => onDone(/** @type {Link} */ (body)),
  });
}
