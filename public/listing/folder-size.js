// How much is in the folder, and how much still fits: only when asked, because the server has to look at everything in it.
// @ts-check
import { call } from "../server/api.js";
import { may } from "../server/grants.js";
import { byId, make } from "../ui/dom.js";
import { count, files, size } from "../ui/format.js";

/**
 * @param {import("../ui/announce.js").Say} say
 * @param {() => string} here the folder that is shown
 */
export function usage(say, here) {
  const place = byId("usage", HTMLElement);
  const button = make(
    "button",
    { type: "button", class: "button-quiet usage-button" },
    "How large is this folder?",
  );
  let abort = new AbortController();

  button.addEventListener("click", async () => {
    button.disabled = true;
    abort = new AbortController();
    const { signal } = abort;
    const answer = await call(`/api/usage?${new URLSearchParams({ folder: here() })}`, { signal }).catch(
      () => null,
    );
    if (answer === null || signal.aborted) return;
    const { problem, body } = answer;
    const sentence = problem === undefined ? sentenceOf(body) : `${problem.title}. ${problem.detail}`;
    place.replaceChildren(sentence);
    say(sentence);
  });

  return {
    /** Another folder is shown now. */
    moved() {
      abort.abort();
      button.disabled = false;
      if (may("read")) place.replaceChildren(button);
    },
  };
}

/** @param {Record<string, any>} usage */
function sentenceOf({ bytes, files: some, folders, free, total }) {
  const inside = `${files(some)} and ${count(folders)} ${folders === 1 ? "folder" : "folders"}`;
  return `${size(bytes)} in ${inside}. Free: ${size(free)} of ${size(total)}.`;
}
