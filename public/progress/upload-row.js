// One upload in the list: its name, state, progress bar and numbers, and at the end the server's flow report or problem.
// @ts-check
import { icon, joinWithDots, make, setIcon, setText } from "../ui/dom.js";
import { duration, percent, rate, size, timeLeft } from "../ui/format.js";
import { problemBox } from "../ui/problem-box.js";

/** @import { Queue, State, Upload } from "../upload/queue.js" */

/** @type {Record<State, { label: string, icon: string }>} */
const STATES = {
  waiting: { label: "Waiting", icon: "gate" },
  sending: { label: "Sending", icon: "sending" },
  saving: { label: "Saving", icon: "saving" },
  saved: { label: "Saved", icon: "saved" },
  failed: { label: "Failed", icon: "failed" },
  cancelled: { label: "Cancelled", icon: "cancelled" },
};

/** In a batch with more files, only uploads that took a few seconds show their flow report. */
const MAX_FILES_WITH_REPORTS = 3;
/** The explanation of a small or quick upload, which only repeats the time shown next to the size. */
const JUST_TIME = /^Saved in [\d.]+ \w+( \d+ \w+)?\.$/;

/** @type {Record<string, string>} */
const BOTTLENECKS = {
  network: "limited by the network",
  disk: "limited by the server’s disk",
  sync: "limited by the server’s disk",
  hash: "limited by checksum calculation",
  cap: "limited by a cap on the rate",
  processor: "limited by the server’s processor",
};

/**
 * @param {Upload} upload
 * @param {Queue} queue
 */
export function uploadRow(upload, queue) {
  const stateIcon = icon("gate", "upload-icon");
  const link = make("a", { class: "upload-name" }, make("bdi", {}, upload.name));
  const state = make("span", { class: "upload-state" });
  const receivedBar = make("span", { class: "bar-received" });
  const savedBar = make("span", { class: "bar-saved" });
  const bar = make(
    "div",
    {
      class: "bar",
      role: "progressbar",
      "aria-label": `Saved part of ${upload.name}`,
      "aria-valuemin": "0",
      "aria-valuemax": "100",
    },
    receivedBar,
    savedBar,
  );
  const numbers = make("p", { class: "upload-numbers" });
  const report = make("div", { class: "upload-report" });
  const action = make("button", { type: "button", class: "button-quiet upload-action" });
  const row = make(
    "li",
    { class: "upload" },
    stateIcon,
    make("div", { class: "upload-line" }, link, state),
    action,
    make("div", { class: "upload-details" }, bar, numbers, report),
  );
  /** @type {State | undefined} */
  let shownState;

  action.addEventListener("click", () => {
    if (canRetry()) queue.retry(upload);
    else queue.cancel(upload);
  });

  function canRetry() {
    return upload.state === "failed" || upload.state === "cancelled";
  }

  function showState() {
    row.dataset["state"] = upload.state;
    setIcon(stateIcon, STATES[upload.state].icon);
    bar.hidden = upload.state !== "sending" && upload.state !== "saving";
    report.replaceChildren(...reportOf(upload));
    if (upload.state === "saved" && upload.saved !== undefined) {
      link.setAttribute("href", `${upload.saved.url}?download`);
      link.setAttribute("download", "");
      // The button disappears, so keyboard focus moves to the file.
      if (document.activeElement === action) link.focus();
    }
    action.hidden = upload.state === "saved";
    setText(action, canRetry() ? "Retry" : "Cancel");
    action.setAttribute("aria-label", `${action.textContent} ${upload.name}`);
  }

  return {
    element: row,
    update() {
      if (shownState !== upload.state) showState();
      shownState = upload.state;
      const { file, progress, sent, interrupted } = upload;
      setText(state, interrupted ? "Interrupted" : STATES[upload.state].label);
      setText(numbers, numbersOf(upload));
      const fractionOf = (/** @type {number} */ bytes) =>
        percent(file.size === 0 ? 0 : bytes / file.size, false);
      const saved = fractionOf(progress?.saved ?? 0);
      bar.setAttribute("aria-valuenow", String(saved));
      savedBar.style.width = `${saved}%`;
      receivedBar.style.width = `${fractionOf(progress?.received ?? (interrupted ? 0 : sent))}%`;
    },
  };
}

/** @param {Upload} upload */
function numbersOf({ state, file, sent, progress, saved, interrupted }) {
  const total = size(file.size);
  if (interrupted) {
    const amount = progress === undefined ? total : `${size(progress.saved)} of ${total} saved`;
    return joinWithDots(amount, "The upload resumes automatically when the server accepts data again");
  }
  if (state === "waiting") return total;
  if (state === "sending" && progress === undefined) return `${size(sent)} of ${total} sent`;
  if (state === "sending" && progress !== undefined) {
    const speed = progress.bytesPerSecond;
    return joinWithDots(
      `${size(progress.saved)} of ${total} saved`,
      speed > 0 ? rate(speed) : "",
      speed > 0 ? timeLeft((file.size - progress.saved) / speed) : "",
      BOTTLENECKS[progress.bottleneck] ?? "",
    );
  }
  if (state === "saving") {
    const amount =
      progress === undefined ? total : `${size(Math.min(progress.saved, file.size))} of ${total} saved`;
    return joinWithDots("All data sent, waiting for the server", amount);
  }
  if (state === "saved" && saved !== undefined) {
    const { flow } = saved;
    if (flow === undefined) return size(saved.size);
    // The rate of a short upload with few bytes is meaningless.
    const hasMeaningfulRate = flow.seconds >= 0.5 || saved.size >= 1e6;
    return joinWithDots(
      `${size(saved.size)} in ${duration(flow.seconds)}`,
      hasMeaningfulRate && flow.bytesPerSecond > 0 ? rate(flow.bytesPerSecond) : "",
    );
  }
  return "";
}

/** @param {Upload} upload @returns {Node[]} */
function reportOf({ state, saved, problem, batch }) {
  if (state === "failed" && problem !== undefined) return [problemBox(problem)];
  if (state !== "saved" || saved === undefined) return [];
  const { flow, name, renamedFrom } = saved;
  const lines = [];
  if (renamedFrom !== undefined)
    lines.push(make("p", {}, "The name was taken, so the file was saved as ", make("bdi", {}, name)));
  const isSmallBatch = (batch?.files ?? 0) <= MAX_FILES_WITH_REPORTS;
  if (flow !== undefined && !JUST_TIME.test(flow.explanation) && (isSmallBatch || flow.seconds >= 2))
    lines.push(make("p", {}, flow.explanation));
  return lines;
}
