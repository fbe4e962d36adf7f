// One upload in the list: its name, its state, its water level, and at the end what the server says about it.
// @ts-check
import { dots, icon, make, setIcon, setText } from "../ui/dom.js";
import { duration, left, percent, rate, size } from "../ui/format.js";
import { problemBox } from "../ui/problem-box.js";

/** @import { Queue, State, Upload } from "../upload/queue.js" */

/** @type {Record<State, { word: string, icon: string }>} */
const STATES = {
  waiting: { word: "Waiting", icon: "gate" },
  sending: { word: "Sending", icon: "sending" },
  saving: { word: "Saving", icon: "saving" },
  saved: { word: "Saved", icon: "saved" },
  failed: { word: "Failed", icon: "failed" },
  cancelled: { word: "Cancelled", icon: "cancelled" },
};

/** In a larger batch, only uploads of some seconds get the server's sentence. */
const ALL_EXPLAINED = 3;

/** @type {Record<string, string>} */
const LIMITS = {
  network: "the network is the limit",
  disk: "the disk is the limit",
  sync: "the disk is the limit",
  hash: "checking is the limit",
  processor: "the server’s processor is the limit",
};

/**
 * @param {Upload} upload
 * @param {Queue} queue
 */
export function uploadRow(upload, queue) {
  const picture = icon("gate", "upload-icon");
  const link = make("a", { class: "upload-name" }, make("bdi", {}, upload.name));
  const state = make("span", { class: "upload-state" });
  const received = make("span", { class: "bar-received" });
  const saved = make("span", { class: "bar-saved" });
  const bar = make(
    "div",
    {
      class: "bar",
      role: "progressbar",
      "aria-label": `${upload.name}, saved on the disk`,
      "aria-valuemin": "0",
    },
    received,
    saved,
  );
  bar.setAttribute("aria-valuemax", "100");
  const numbers = make("p", { class: "upload-numbers" });
  const ending = make("div", { class: "upload-ending" });
  const action = make("button", { type: "button", class: "button-quiet upload-action" });
  const line = make("div", { class: "upload-line" }, link, state);
  const row = make(
    "li",
    { class: "upload" },
    picture,
    line,
    action,
    make("div", { class: "upload-details" }, bar, numbers, ending),
  );
  /** @type {State | undefined} */
  let shown;

  action.addEventListener("click", () => {
    if (upload.state === "failed" || upload.state === "cancelled") queue.retry(upload);
    else queue.cancel(upload);
  });

  function showState() {
    const over = upload.state === "saved" || upload.state === "failed" || upload.state === "cancelled";
    row.dataset["state"] = upload.state;
    setIcon(picture, STATES[upload.state].icon);
    bar.hidden = over || upload.state === "waiting";
    ending.replaceChildren(...endingOf(upload));
    if (upload.state === "saved" && upload.saved !== undefined) {
      link.setAttribute("href", `${upload.saved.url}?download`);
      link.setAttribute("download", "");
      // The button goes; a keyboard that stood on it stands on the file now.
      if (document.activeElement === action) link.focus();
    }
    action.hidden = upload.state === "saved";
    setText(action, upload.state === "failed" || upload.state === "cancelled" ? "Retry" : "Cancel");
    action.setAttribute("aria-label", `${action.textContent} ${upload.name}`);
  }

  return {
    element: row,
    update() {
      if (shown !== upload.state) showState();
      shown = upload.state;
      setText(state, upload.cut ? "Interrupted" : STATES[upload.state].word);
      setText(numbers, numbersOf(upload));
      const total = upload.file.size;
      const full = percent(total === 0 ? 0 : (upload.level?.saved ?? 0) / total, false);
      bar.setAttribute("aria-valuenow", String(full));
      saved.style.width = `${full}%`;
      received.style.width = `${percent(total === 0 ? 0 : (upload.level?.received ?? (upload.cut ? 0 : upload.sent)) / total, false)}%`;
    },
  };
}

/** @param {Upload} upload */
function numbersOf({ state, file, sent, level, saved, cut }) {
  const total = size(file.size);
  if (cut) {
    const stood = level === undefined ? total : `${size(level.saved)} of ${total} saved`;
    return dots(stood, "It goes on by itself as soon as the server takes more");
  }
  if (state === "waiting") return total;
  if (state === "sending" && level === undefined) return `${size(sent)} of ${total} sent`;
  if (state === "sending" && level !== undefined) {
    const speed = level.bytesPerSecond;
    const rest = speed > 0 ? left((file.size - level.saved) / speed) : "";
    const limit = LIMITS[level.bottleneck] ?? "";
    return dots(`${size(level.saved)} of ${total} saved`, speed > 0 ? rate(speed) : "", rest, limit);
  }
  if (state === "saving") {
    const done = level === undefined ? "" : `${size(Math.min(level.saved, file.size))} of ${total} saved`;
    return dots("All sent, the server is finishing", done || total);
  }
  if (state === "saved" && saved !== undefined) {
    const flow = saved.flow;
    if (flow === undefined) return size(saved.size);
    // The rate of a few bytes says nothing.
    const telling = flow.seconds >= 0.5 || saved.size >= 1e6;
    return dots(
      `${size(saved.size)} in ${duration(flow.seconds)}`,
      telling && flow.bytesPerSecond > 0 ? rate(flow.bytesPerSecond) : "",
    );
  }
  return "";
}

/** @param {Upload} upload @returns {Node[]} */
function endingOf({ state, saved, problem, tally }) {
  if (state === "saved" && saved !== undefined) {
    const lines = [];
    if (saved.renamedFrom !== undefined) {
      lines.push(make("p", {}, "The name was taken, so it is now ", make("bdi", {}, saved.name)));
    }
    const few = (tally?.files ?? 0) <= ALL_EXPLAINED;
    if (saved.flow !== undefined && (few || saved.flow.seconds >= 2))
      lines.push(make("p", {}, saved.flow.explanation));
    return lines;
  }
  return state === "failed" && problem !== undefined ? [problemBox(problem)] : [];
}
