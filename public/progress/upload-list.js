// The list of uploads. However long the queue, only some dozen rows exist: what runs, what failed, what comes next, what was last.
// @ts-check
import { byId, dots, setText } from "../ui/dom.js";
import { count, files } from "../ui/format.js";
import { uploadRow } from "./upload-row.js";

/** @import { Queue, State, Upload } from "../upload/queue.js" */

/** Up to this many uploads are all shown. */
const ALL = 60;
/** Of a longer queue, how many rows of each state. */
const ROWS = { waiting: 20, sending: 10, saving: 10, saved: 10, failed: 50, cancelled: 10 };

/** @param {Queue} queue */
export function uploadPanel(queue) {
  const section = byId("uploads", HTMLElement);
  const list = byId("upload-list", HTMLUListElement);
  const summary = byId("upload-summary", HTMLElement);
  const more = byId("upload-more", HTMLElement);
  const held = byId("held", HTMLElement);
  const heldText = byId("held-text", HTMLElement);
  const cancelAll = byId("cancel-all", HTMLButtonElement);
  const retryFailed = byId("retry-failed", HTMLButtonElement);
  const clear = byId("clear", HTMLButtonElement);
  /** @type {Map<Upload, ReturnType<typeof uploadRow>>} */
  const rows = new Map();

  cancelAll.addEventListener("click", () => queue.cancelAll());
  retryFailed.addEventListener("click", () => queue.retryFailed());
  clear.addEventListener("click", () => queue.clear());
  byId("go-on", HTMLButtonElement).addEventListener("click", () => queue.resume());

  return function draw() {
    const shown = pick(queue);
    const keep = new Set(shown);
    for (const [upload, row] of rows) {
      if (keep.has(upload)) continue;
      row.element.remove();
      rows.delete(upload);
    }
    let place = list.firstElementChild;
    for (const upload of shown) {
      const row = rows.get(upload) ?? uploadRow(upload, queue);
      rows.set(upload, row);
      row.update();
      if (row.element === place) place = place.nextElementSibling;
      else list.insertBefore(row.element, place);
    }
    const { waiting, saved, failed, cancelled } = queue.counts;
    section.hidden = queue.uploads.length === 0;
    more.hidden = shown.length === queue.uploads.length;
    setText(more, `and ${files(queue.uploads.length - shown.length)} more`);
    const parts = Object.entries({ waiting, saved, failed, cancelled }).filter(([, n]) => n > 0);
    setText(summary, dots(...parts.map(([state, n]) => `${count(n)} ${state}`)));
    held.hidden = queue.held === undefined;
    setText(heldText, `${queue.held?.title ?? ""}. ${files(waiting)} will wait until you go on.`);
    cancelAll.hidden = queue.running.size + waiting < 2;
    retryFailed.hidden = failed < 2;
    clear.hidden = saved + failed + cancelled === 0;
  };
}

/** The uploads that get a row, in the order they were added. @param {Queue} queue */
function pick({ uploads, counts }) {
  if (uploads.length <= ALL) return uploads;
  const room = { ...ROWS };
  // Of what is over the last ones matter, of what comes the first ones: skip all but the last few of each state that is over.
  const skip = { saved: counts.saved - ROWS.saved, cancelled: counts.cancelled - ROWS.cancelled };
  return uploads.filter(({ state }) => {
    if ((state === "saved" || state === "cancelled") && skip[state]-- > 0) return false;
    return room[state]-- > 0;
  });
}
