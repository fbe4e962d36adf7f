// Shows the size of the folder and the free space, only on request, because the server has to scan the whole folder.
// @ts-check
import { callApi } from "../server/api.js";
import { isGranted } from "../server/me.js";
import { byId, make } from "../ui/dom.js";
import { count, fileCount, size } from "../ui/format.js";

/**
 * @param {import("../ui/announce.js").Announce} announce
 * @param {() => string} currentFolder
 */
export function createFolderSize(announce, currentFolder) {
  const container = byId("usage", HTMLElement);
  const button = make(
    "button",
    { type: "button", class: "button-quiet usage-button" },
    "Calculate folder size",
  );
  let abort = new AbortController();

  button.addEventListener("click", async () => {
    button.disabled = true;
    abort = new AbortController();
    const { signal } = abort;
    const query = new URLSearchParams({ folder: currentFolder() });
    const response = await callApi(`/api/usage?${query}`, { signal }).catch(() => null);
    if (response === null || signal.aborted) return;
    const { problem, body } = response;
    const sentence = problem === undefined ? describeUsage(body) : `${problem.title}. ${problem.detail}`;
    container.replaceChildren(sentence);
    announce(sentence);
  });

  return {
    /** Call after another folder is opened, or other grants are known. */
    reset() {
      abort.abort();
      button.disabled = false;
      container.replaceChildren(...(isGranted("list") ? [button] : []));
    },
  };
}

/** @param {Record<string, any>} usage */
function describeUsage({ bytes, files, folders, free, total }) {
  const contents = `${fileCount(files)} and ${count(folders)} ${folders === 1 ? "folder" : "folders"}`;
  return `${size(bytes)} in ${contents}. Free space: ${size(free)} of ${size(total)}.`;
}
