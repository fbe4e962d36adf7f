// A link to one file: its name, its size, and a large button.
// @ts-check
import { encodePath } from "../server/path.js";
import { icon, make } from "../ui/dom.js";
import { size } from "../ui/format.js";
import { iconFor } from "../ui/icon.js";
import { card } from "./link-card.js";

/** @import { LinkInfo } from "./link-card.js" */

/** @param {string} base the URL of the link @param {LinkInfo} info */
export function fileView(base, info) {
  const { name, size: bytes = 0 } = info;
  return card({
    icon: iconFor(name, "file"),
    title: make("bdi", {}, name),
    info,
    content: [
      make(
        "a",
        {
          class: "button button-main link-main",
          href: `${base}/files/${encodePath(name)}?download`,
          download: "",
        },
        icon("download", ""),
        make("span", {}, "Download"),
        make("span", { class: "link-size" }, size(bytes)),
      ),
    ],
  });
}
