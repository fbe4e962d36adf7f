// Announces sentences to screen readers through a polite live region. A newer sentence replaces one that is still queued.
// @ts-check

/** The minimum time since the last announcement, in milliseconds: short after an action, long for mere progress. */
const PAUSE = { action: 700, progress: 10_000 };

/** @typedef {(sentence: string, kind?: keyof typeof PAUSE) => void} Announce */

/**
 * @param {HTMLElement} region an element with `role="status"`
 * @returns {Announce}
 */
export function createAnnouncer(region) {
  let announcedAt = Number.NEGATIVE_INFINITY;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  return (sentence, kind = "action") => {
    clearTimeout(timer);
    const delay = Math.max(0, announcedAt + PAUSE[kind] - performance.now());
    timer = setTimeout(() => {
      if (region.textContent === sentence) return;
      region.textContent = sentence;
      announcedAt = performance.now();
    }, delay);
  };
}
