// A drop: the visitor chooses files, sees how much of them is saved on the server, and is told when the page can be closed.
// @ts-check
import { textField } from "../forms/text-field.js";
import { callApi } from "../server/api.js";
import { byId, icon, joinWithDots, make, setText } from "../ui/dom.js";
import { count, fileCount, percent, rate, size, timeLeft } from "../ui/format.js";
import { acceptChosenFiles, acceptDroppedFiles } from "../upload/file-input.js";
import { Queue } from "../upload/queue.js";
import { dropTarget } from "../upload/target.js";
import { partition } from "./drop-limits.js";
import { dropList } from "./drop-list.js";
import { card } from "./link-card.js";
import { unfinishedNote } from "./unfinished-note.js";
import { keepAwake } from "./wake-lock.js";

/** @import { Item } from "../upload/file-input.js" */
/** @import { LinkInfo } from "./link-card.js" */

const DRAW_MS = 100;

/**
 * @param {object} options
 * @param {string} options.token
 * @param {string} options.link below the base path
 * @param {LinkInfo} options.info
 * @param {import("../ui/announce.js").Announce} options.announce
 */
export function dropView({ token, link, info, announce }) {
  const name = textField("Your name (optional)", {
    autocomplete: "name",
    maxlength: "200",
    value: info.sender ?? "",
  });
  const files = make("input", { type: "file", multiple: "", hidden: "", id: "files-input" });
  const folder = make("input", { type: "file", webkitdirectory: "", hidden: "" });
  const chooseFiles = make(
    "button",
    { type: "button", class: "button-main link-main" },
    icon("drop", ""),
    "Choose files",
  );
  const chooseFolder = make("button", { type: "button", class: "button-quiet" }, "Choose a folder");
  const hint = make(
    "p",
    { class: "panel-note link-hint" },
    "Or drop files and folders anywhere on this page.",
  );
  const refused = make("p", { class: "form-error", role: "alert" });
  const headline = make("h2", { class: "drop-headline", tabindex: "-1" });
  const numbers = make("p", { class: "drop-numbers" });
  const fill = make("span", { class: "drop-fill" });
  const bar = make(
    "div",
    {
      class: "drop-bar",
      role: "progressbar",
      "aria-label": "Saved part of all files",
      "aria-valuemin": "0",
      "aria-valuemax": "100",
    },
    fill,
  );
  const again = make("button", { type: "button" }, "Try again");
  const target = dropTarget(token);
  const unfinished = make("div", {}, ...unfinishedNote(target));
  const queue = new Queue({ onChange: changed, onSaved: () => {} }, target);
  const list = dropList(queue);
  const state = make(
    "section",
    { class: "drop-state", "aria-label": "Your files", hidden: "" },
    headline,
    bar,
    numbers,
    again,
    list.element,
  );
  const awake = keepAwake();
  let isDrawScheduled = false;
  let wasBusy = false;
  let givenName = info.sender ?? "";

  acceptChosenFiles(chooseFiles, files, add);
  acceptChosenFiles(chooseFolder, folder, add);
  acceptDroppedFiles(
    () => true,
    byId("overlay", HTMLElement),
    add,
    (path) => setText(refused, `${path} cannot be read, and was left out.`),
    (reading) => void queue.keepBatchOpen(reading),
  );
  chooseFolder.hidden = !("webkitdirectory" in folder) || matchMedia("(pointer: coarse)").matches;
  hint.hidden = matchMedia("(pointer: coarse)").matches;
  again.addEventListener("click", () => queue.retryFailed());
  addEventListener("online", () => queue.pausedBy !== undefined && queue.resume());
  addEventListener("beforeunload", (event) => {
    if (queue.busy) event.preventDefault();
  });

  /** @param {Item[]} items */
  async function add(items) {
    const { accepted, reason } = partition(items, info, queue);
    setText(refused, reason);
    if (accepted.length === 0) return;
    await queue.keepBatchOpen(giveName());
    queue.add(accepted, "");
    announce(`Sending ${fileCount(accepted.length)}`);
  }

  /** The name comes before the first file: files of another name are those of another sender. */
  async function giveName() {
    const typed = name.input.value.trim();
    if (info.askName !== true || typed === givenName) return;
    const { problem } = await callApi(`${link}/session`, { method: "POST", json: { name: typed } });
    if (problem === undefined) givenName = typed;
  }

  function changed() {
    if (isDrawScheduled) return;
    isDrawScheduled = true;
    setTimeout(() => {
      isDrawScheduled = false;
      draw();
    }, DRAW_MS);
  }

  function draw() {
    const { batch, busy, counts, pausedBy } = queue;
    if (queue.uploads.length === 0) return;
    const running = queue.runningBytes;
    const isDone = !busy && counts.failed === 0 && counts.saved > 0;
    const level = percent(batch.fraction(running), isDone);
    state.hidden = false;
    unfinished.replaceChildren();
    state.dataset["state"] = isDone ? "done" : counts.failed > 0 && !busy ? "failed" : "busy";
    name.input.disabled = busy;
    fill.style.width = `${level}%`;
    bar.hidden = isDone;
    bar.setAttribute("aria-valuenow", String(level));
    again.hidden = counts.failed === 0 || busy;
    setText(chooseFiles.lastChild ?? chooseFiles, "Add more files");
    chooseFiles.classList.remove("button-main");
    setText(headline, headlineOf());
    setText(numbers, numbersOf(level));
    list.draw();
    awake.set(busy);
    if (wasBusy && !busy) {
      announce(headline.textContent);
      if (isDone) headline.focus();
    } else if (busy) announce(`${level} % saved`, "progress");
    wasBusy = busy;

    function headlineOf() {
      if (pausedBy !== undefined) return pausedBy.title;
      if (busy) return isInterrupted() ? "No connection. Sending goes on by itself." : "Sending …";
      if (counts.failed > 0)
        return counts.saved === 0 ? "Nothing was saved" : `${fileCount(counts.failed)} could not be saved`;
      return counts.saved > 0 ? "All saved. You can close this page." : "Cancelled";
    }

    /** @param {number} done in percent */
    function numbersOf(done) {
      if (!busy)
        return counts.saved > 0 ? `${fileCount(counts.saved)} saved, ${size(batch.savedBytes)} in all.` : "";
      const speed = batch.rate(running);
      const rest = batch.bytes - batch.savedBytes - batch.failedBytes - running;
      return joinWithDots(
        `${done} % saved`,
        batch.files > 1 ? `${count(batch.saved)} of ${fileCount(batch.files)}` : "",
        `${size(batch.savedBytes + running)} of ${size(batch.bytes)}`,
        speed > 1000 && !isInterrupted() ? rate(speed) : "",
        speed > 1000 && !isInterrupted() ? timeLeft(rest / speed) : "",
      );
    }
  }

  function isInterrupted() {
    return queue.running.size > 0 && [...queue.running].every(({ interrupted }) => interrupted);
  }

  name.element.hidden = info.askName !== true;
  again.hidden = true;
  return card({
    icon: "drop",
    title: make("span", {}, "Send files to ", make("bdi", {}, info.account)),
    info,
    content: [
      ...(unfinished.hasChildNodes() ? [unfinished] : []),
      name.element,
      make("div", { class: "drop-choose" }, chooseFiles, chooseFolder, files, folder),
      hint,
      make("p", { class: "panel-note" }, limitsOf(info)),
      refused,
      state,
    ],
  });
}

/** A limit that is this large is that of the server, and concerns nobody. */
const LARGE = 20e9;

/** The limits in one sentence; "" without any. @param {LinkInfo} info */
function limitsOf({ maxBytes = null, maxFiles = null, largest = null }) {
  const parts = [];
  if (maxFiles !== null) parts.push(`${fileCount(maxFiles)} at most`);
  if (maxBytes !== null) parts.push(`${size(maxBytes)} in all`);
  if (largest !== null && largest < Math.min(maxBytes ?? LARGE, LARGE))
    parts.push(`files of up to ${size(largest)}`);
  const sentence = parts.join(", ");
  return sentence === "" ? "" : `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
}
