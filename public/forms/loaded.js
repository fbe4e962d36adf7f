// A part of a panel whose content comes from the server, and is fetched again after each change.
// @ts-check
import { callApi } from "../server/api.js";
import { make } from "../ui/dom.js";
import { failureText } from "./action-form.js";

/**
 * @param {string} path of the request
 * @param {(body: Record<string, any>, reload: () => void) => Node[]} render
 * @returns {{ element: HTMLElement, reload: () => void }}
 */
export function loaded(path, render) {
  const element = make("div", { class: "loaded", "aria-busy": "true" });

  async function load() {
    const answer = await callApi(path);
    element.removeAttribute("aria-busy");
    element.replaceChildren(
      ...(answer.problem === undefined
        ? render(answer.body, reload)
        : [make("p", { class: "form-error" }, failureText(answer))]),
    );
  }

  const reload = () => void load();
  reload();
  return { element, reload };
}
