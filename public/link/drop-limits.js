// The limits of a drop, checked before anything is sent: files that cannot be accepted are left out, and the visitor is told.
// @ts-check
import { fileCount, size } from "../ui/format.js";

/** @import { Item } from "../upload/file-input.js" */
/** @import { LinkInfo } from "./link-card.js" */

/**
 * @param {Item[]} items
 * @param {Pick<LinkInfo, "maxBytes" | "maxFiles" | "largest">} limits as they were when the page was opened
 * @param {{ uploads: readonly { file: { size: number }, state: string }[] }} queue its uploads count towards the limits
 * @returns {{ accepted: Item[], reason: string }} `reason` says what was left out, "" for nothing
 */
export function partition(items, { maxBytes, maxFiles, largest }, { uploads }) {
  const counted = uploads.filter(({ state }) => state !== "failed" && state !== "cancelled");
  let files = counted.length;
  let bytes = counted.reduce((sum, { file }) => sum + file.size, 0);
  const accepted = [];
  const tooLarge = [];
  let over = 0;
  for (const item of items) {
    if (item.file.size > (largest ?? Number.POSITIVE_INFINITY)) tooLarge.push(item);
    else if (files + 1 > (maxFiles ?? Number.POSITIVE_INFINITY)) over++;
    else if (bytes + item.file.size > (maxBytes ?? Number.POSITIVE_INFINITY)) over++;
    else {
      files++;
      bytes += item.file.size;
      accepted.push(item);
    }
  }
  const reasons = [];
  if (tooLarge.length === 1)
    reasons.push(`“${tooLarge[0]?.path}” is larger than ${size(largest ?? 0)} and was left out.`);
  else if (tooLarge.length > 1)
    reasons.push(`${fileCount(tooLarge.length)} are larger than ${size(largest ?? 0)} and were left out.`);
  if (over > 0)
    reasons.push(`${fileCount(over)} ${over === 1 ? "was" : "were"} left out: this link accepts no more.`);
  return { accepted, reason: reasons.join(" ") };
}
