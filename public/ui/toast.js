// The message above the listing about a file action: its progress with a Cancel button, then its result with Undo.
// @ts-check
import { byId, make, setText } from "./dom.js";
import { percent, size } from "./format.js";
import { problemBox } from "./problem-box.js";

/** @import { Problem } from "../server/problem.js" */

/** An action that ends sooner shows no progress. */
const PROGRESS_DELAY_MS = 400;

/** @param {import("./announce.js").Announce} announce */
export function createToast(announce) {
  const box = byId("toast", HTMLElement);
  const text = make("p", { class: "toast-text" });
  const bar = make("progress", { class: "toast-progress", "aria-label": "Progress of the action" });
  const content = make("div", { class: "toast-content" }, text, bar);
  const action = make("button", { type: "button", class: "toast-action" });
  const dismiss = make("button", { type: "button", class: "button-quiet" }, "Dismiss");
  let onAction = () => {};
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  box.append(content, action, dismiss);
  action.addEventListener("click", () => onAction());
  dismiss.addEventListener("click", () => hide());

  function hide() {
    clearTimeout(timer);
    const hadFocus = box.contains(document.activeElement);
    box.hidden = true;
    if (hadFocus) byId("current-folder", HTMLElement).focus();
  }

  function removeProblems() {
    for (const problem of content.querySelectorAll(".problem")) problem.remove();
  }

  return {
    hide,
    /**
     * Shows that an action is running.
     * @param {string} sentence
     * @param {number} total the number of entries that the action affects
     * @param {() => void} cancel
     */
    showProgress(sentence, total, cancel) {
      hide();
      removeProblems();
      setText(text, sentence);
      bar.removeAttribute("value");
      bar.hidden = false;
      setText(action, "Cancel");
      action.hidden = false;
      action.disabled = false;
      dismiss.hidden = true;
      onAction = () => {
        action.disabled = true;
        cancel();
      };
      timer = setTimeout(() => {
        box.hidden = false;
        announce(sentence);
      }, PROGRESS_DELAY_MS);
      return {
        /** @param {{ done: number, bytes: number, total: number }} progress */
        update({ done, bytes, total: totalBytes }) {
          const fraction = totalBytes > 0 && total === 1 ? bytes / totalBytes : done / total;
          if (fraction > 0) bar.value = fraction;
          const copied = totalBytes > 0 ? `, ${size(bytes)} of ${size(totalBytes)}` : "";
          setText(text, `${sentence} ${fraction > 0 ? `${percent(fraction, false)} %` : ""}${copied}`);
        },
      };
    },
    /**
     * Shows the result of an action.
     * @param {string} sentence
     * @param {object} [options]
     * @param {Problem | undefined} [options.problem]
     * @param {(() => void) | undefined} [options.undo]
     */
    showResult(sentence, { problem, undo } = {}) {
      clearTimeout(timer);
      setText(text, sentence);
      removeProblems();
      if (problem !== undefined) content.append(problemBox(problem));
      bar.hidden = true;
      setText(action, "Undo");
      action.hidden = undo === undefined;
      action.disabled = false;
      onAction = () => undo?.();
      dismiss.hidden = false;
      box.hidden = false;
      announce(problem === undefined ? sentence : `${sentence} ${problem.title}. ${problem.detail}`);
    },
  };
}
