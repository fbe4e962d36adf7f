// The files that a visitor sends, with their states in a few words. A long list shows those that matter.
// @ts-check
import { icon, make, setIcon, setText } from "../ui/dom.js";
import { count, percent, size } from "../ui/format.js";
import { keyedRows } from "../ui/keyed-rows.js";

/** @import { Queue, State, Upload } from "../upload/queue.js" */

/** How many rows of each state are shown. */
const ROWS = { sending: 3, saving: 3, failed: 50, waiting: 5, saved: 20, cancelled: 5 };
/** @type {State[]} */
const ORDER = ["failed", "sending", "saving", "waiting", "saved", "cancelled"];
const ICONS = {
  waiting: "waiting",
  sending: "drop",
  saving: "drop",
  saved: "saved",
  failed: "failed",
  cancelled: "cancelled",
};

/** @param {Queue} queue */
export function dropList(queue) {
  const list = make("ul", { class: "drop-list" });
  const more = make("p", { class: "panel-note" });
  const showRows = keyedRows(list, (/** @type {Upload} */ upload) => row(upload, queue));

  function draw() {
    const shown = ORDER.flatMap((state) =>
      queue.uploads.filter((upload) => upload.state === state).slice(0, ROWS[state]),
    );
    showRows(shown);
    const others = queue.uploads.length - shown.length;
    setText(more, others > 0 ? `and ${count(others)} more` : "");
  }
  return { element: make("div", {}, list, more), draw };
}

/** @param {Upload} upload @param {Queue} queue */
function row(upload, queue) {
  const mark = icon("waiting", "drop-icon");
  const note = make("p", { class: "thing-note" });
  const button = make("button", { type: "button", class: "button-quiet" });
  const element = make(
    "li",
    { class: "drop-file" },
    mark,
    make(
      "div",
      { class: "thing-text" },
      make("p", { class: "drop-name" }, make("bdi", {}, upload.name)),
      note,
    ),
    button,
  );
  button.addEventListener("click", () => {
    if (upload.state === "failed" || upload.state === "cancelled") queue.retry(upload);
    else queue.cancel(upload);
  });
  return {
    element,
    update() {
      const { state } = upload;
      element.dataset["state"] = state;
      setIcon(mark, ICONS[state]);
      setText(note, noteOf(upload));
      button.hidden = state === "saved" || state === "saving";
      setText(button, state === "failed" || state === "cancelled" ? "Try again" : "Cancel");
      button.setAttribute("aria-label", `${button.textContent} ${upload.name}`);
    },
  };
}

/** @param {Upload} upload */
function noteOf({ state, file, progress, interrupted, problem }) {
  const total = size(file.size);
  if (state === "failed") return problem?.detail || problem?.title || "Not saved";
  if (interrupted) return "Waiting for the connection";
  if (state === "saved") return `${total}, saved`;
  if (state === "cancelled") return "Cancelled";
  if (state === "waiting") return total;
  const done = file.size === 0 ? 0 : (progress?.saved ?? 0) / file.size;
  return `${percent(done, false)} % of ${total} saved`;
}
