// The list of uploads. It shows at most a few dozen rows however long the queue is: running, failed, next and latest uploads.
// @ts-check
import { byId, joinWithDots, setText } from "../ui/dom.js";
import { count, fileCount } from "../ui/format.js";
import { keyedRows } from "../ui/keyed-rows.js";
import { uploadRow } from "./upload-row.js";

/** @import { Queue, Upload } from "../upload/queue.js" */

/** Up to this many uploads are all shown. */
const MAX_ROWS = 60;
/** The number of rows for each state in a longer queue. */
const ROWS_BY_STATE = { waiting: 20, sending: 10, saving: 10, saved: 10, failed: 50, cancelled: 10 };

/** @param {Queue} queue */
export function createUploadList(queue) {
  const section = byId("uploads", HTMLElement);
  const list = byId("upload-list", HTMLUListElement);
  const summary = byId("upload-summary", HTMLElement);
  const more = byId("upload-more", HTMLElement);
  const paused = byId("queue-paused", HTMLElement);
  const pausedText = byId("queue-paused-text", HTMLElement);
  const cancelAll = byId("cancel-all", HTMLButtonElement);
  const retryFailed = byId("retry-failed", HTMLButtonElement);
  const clear = byId("clear", HTMLButtonElement);
  const showRows = keyedRows(list, (/** @type {Upload} */ upload) => uploadRow(upload, queue));

  cancelAll.addEventListener("click", () => queue.cancelAll());
  retryFailed.addEventListener("click", () => queue.retryFailed());
  clear.addEventListener("click", () => queue.clearEnded());
  byId("resume-uploads", HTMLButtonElement).addEventListener("click", () => queue.resume());

  return function draw() {
    const visible = selectVisible(queue);
    showRows(visible);
    const { waiting, saved, failed, cancelled } = queue.counts;
    const hiddenCount = queue.uploads.length - visible.length;
    section.hidden = queue.uploads.length === 0;
    more.hidden = hiddenCount === 0;
    setText(more, `and ${count(hiddenCount)} more ${hiddenCount === 1 ? "file" : "files"}`);
    const parts = Object.entries({ waiting, saved, failed, cancelled }).filter(([, n]) => n > 0);
    setText(summary, joinWithDots(...parts.map(([state, n]) => `${count(n)} ${state}`)));
    paused.hidden = queue.pausedBy === undefined;
    setText(
      pausedText,
      `${queue.pausedBy?.title ?? ""}. Uploads are paused: ${fileCount(waiting)} will wait until you resume them.`,
    );
    cancelAll.hidden = queue.running.size + waiting < 2;
    retryFailed.hidden = failed < 2;
    clear.hidden = saved + failed + cancelled === 0;
  };
}

/** The uploads that get a row, in the order they were added. @param {Queue} queue */
function selectVisible({ uploads, counts }) {
  if (uploads.length <= MAX_ROWS) return uploads;
  const available = { ...ROWS_BY_STATE };
  // Of saved and cancelled uploads the latest ones are shown, of all others the first ones.
  const skip = {
    saved: counts.saved - ROWS_BY_STATE.saved,
    cancelled: counts.cancelled - ROWS_BY_STATE.cancelled,
  };
  return uploads.filter(({ state }) => {
    if ((state === "saved" || state === "cancelled") && skip[state]-- > 0) return false;
    return available[state]-- > 0;
  });
}
