// Speaks to screen readers through a polite live region: the newest sentence wins, and progress waits for a long pause.
// @ts-check

/** Milliseconds of silence before a sentence that answers something, and before one that only reports progress. */
const PAUSE = { answer: 700, progress: 10_000 };

/** @typedef {(sentence: string, kind?: keyof typeof PAUSE) => void} Say */

/**
 * @param {HTMLElement} region an element with `role="status"`
 * @returns {Say}
 */
export function announcer(region) {
  let spokenAt = Number.NEGATIVE_INFINITY;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  return (sentence, kind = "answer") => {
    clearTimeout(timer);
    const wait = Math.max(0, spokenAt + PAUSE[kind] - performance.now());
    timer = setTimeout(() => {
      if (region.textContent === sentence) return;
      region.textContent = sentence;
      spokenAt = performance.now();
    }, wait);
  };
}
