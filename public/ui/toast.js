// What a change is doing and what became of it, above the listing: progress with Cancel, then a sentence with Undo.
// @ts-check
import { byId, make, setText } from "./dom.js";
import { percent, size } from "./format.js";
import { problemBox } from "./problem-box.js";

/** @import { Problem } from "../server/problem.js" */

/** A change this quick shows no progress. */
const PATIENCE_MS = 400;

/** @param {import("./announce.js").Say} say */
export function notice(say) {
  const box = byId("notice", HTMLElement);
  const words = make("p", { class: "notice-words" });
  const bar = make("progress", { class: "notice-bar", "aria-label": "Progress" });
  const about = make("div", { class: "notice-about" }, words, bar);
  const button = make("button", { type: "button", class: "notice-button" });
  const close = make("button", { type: "button", class: "button-quiet" }, "Dismiss");
  let onButton = () => {};
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  box.append(about, button, close);
  button.addEventListener("click", () => onButton());
  close.addEventListener("click", () => hide());

  function hide() {
    clearTimeout(timer);
    const within = box.contains(document.activeElement);
    box.hidden = true;
    if (within) byId("here", HTMLElement).focus();
  }

  return {
    hide,
    /**
     * Something is going on.
     * @param {string} sentence
     * @param {number} total how many entries it is about
     * @param {() => void} cancel
     */
    working(sentence, total, cancel) {
      hide();
      for (const old of about.querySelectorAll(".problem")) old.remove();
      setText(words, sentence);
      bar.removeAttribute("value");
      bar.hidden = false;
      setText(button, "Cancel");
      button.hidden = false;
      button.disabled = false;
      close.hidden = true;
      onButton = () => {
        button.disabled = true;
        cancel();
      };
      timer = setTimeout(() => {
        box.hidden = false;
        say(sentence);
      }, PATIENCE_MS);
      return {
        /** @param {{ done: number, bytes: number, total: number }} progress */
        update({ done, bytes, total: all }) {
          const share = all > 0 && total === 1 ? bytes / all : done / total;
          if (share > 0) bar.value = share;
          const copied = all > 0 ? `, ${size(bytes)} of ${size(all)}` : "";
          setText(words, `${sentence} ${share > 0 ? `${percent(share, false)} %` : ""}${copied}`);
        },
      };
    },
    /**
     * It is over.
     * @param {string} sentence
     * @param {object} [more]
     * @param {Problem | undefined} [more.problem]
     * @param {(() => void) | undefined} [more.undo]
     */
    over(sentence, { problem, undo } = {}) {
      clearTimeout(timer);
      setText(words, sentence);
      for (const old of about.querySelectorAll(".problem")) old.remove();
      if (problem !== undefined) about.append(problemBox(problem));
      bar.hidden = true;
      setText(button, "Undo");
      button.hidden = undo === undefined;
      button.disabled = false;
      onButton = () => undo?.();
      close.hidden = false;
      box.hidden = false;
      say(problem === undefined ? sentence : `${sentence} ${problem.title}. ${problem.detail}`);
    },
  };
}
