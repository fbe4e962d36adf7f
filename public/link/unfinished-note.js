// A note about files that were not sent completely before the page was closed: chosen again, they go on where they stopped.
// @ts-check

import { nameOf } from "../server/path.js";
import { make } from "../ui/dom.js";
import { loadUnfinished } from "../upload/unfinished.js";

/** More names than this are only counted. */
const MAX_NAMES = 3;

/** @param {import("../upload/target.js").UploadTarget} target @returns {Node[]} nothing when there is none */
export function unfinishedNote({ keyPrefix }) {
  const names = loadUnfinished()
    .filter(({ key }) => key.startsWith(keyPrefix))
    .map(({ path }) => nameOf(path));
  if (names.length === 0) return [];
  const shown = names.slice(0, MAX_NAMES).flatMap((name, i) => [i === 0 ? "" : ", ", make("bdi", {}, name)]);
  const others = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : "";
  return [
    make(
      "p",
      { class: "link-note" },
      "Not sent completely: ",
      ...shown,
      `${others}. Choose ${names.length === 1 ? "it" : "them"} again, and sending goes on where it stopped.`,
    ),
  ];
}
