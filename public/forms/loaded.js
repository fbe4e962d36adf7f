// A part of a panel whose content comes from the server, and is fetched again after each change.
// @ts-check
import { callApi } from "../server/api.js";
import { make } from "../ui/dom.js";
import { failureText } from "./action-form.js";

/**
 * @param {string} path of the request
 * @param {(body: Record<string, any>, reload: () => void) => Node[]} render
 */
export function loaded(path, render) {
  const box = make("div", { class: "loaded", "aria-busy": "true" });

  async function load() {
    const answer = await callApi(path);
    box.removeAttribute("aria-busy");
    box.replaceChildren(
      ...(answer.problem === undefined
        ? render(answer.body, () => void load())
        : [make("p", { class: "form-error" }, failureText(answer))]),
    );
  }

  void load();
  return box;
}
