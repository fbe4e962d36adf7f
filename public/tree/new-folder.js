// Creates a folder: asks for its name in a dialog, which stays open and shows the reason if the server refuses the name.
// @ts-check
import { callApi } from "../server/api.js";
import { join } from "../server/path.js";
import { showDialog } from "../ui/dialog.js";
import { make } from "../ui/dom.js";
import { problemBox } from "../ui/problem-box.js";

/**
 * @param {string} parent the folder to create it in
 * @returns {Promise<string>} the path of the new folder; "" if the dialog was cancelled
 */
export async function createFolder(parent) {
  const input = make("input", { type: "text", class: "field", autocomplete: "off", spellcheck: "false" });
  const problems = make("div", { role: "alert" });
  let path = "";
  await showDialog({
    title: "Create folder",
    body: [make("label", { class: "field-label" }, "Folder name", input), problems],
    buttons: [{ label: "Create folder", value: "create", kind: "main" }],
    onOpen: () => input.focus(),
    async onSubmit() {
      if (input.value === "") {
        input.focus();
        return false;
      }
      const { problem, body } = await callApi("/api/folders", {
        method: "POST",
        json: { path: join(parent, input.value) },
      });
      if (problem === undefined) {
        path = String(body["path"]);
        return true;
      }
      problems.replaceChildren(problemBox(problem));
      input.focus();
      return false;
    },
  });
  return path;
}
