// New folders: asks for a name, and says in the same place why it cannot be.
// @ts-check
import { call } from "../server/api.js";
import { join } from "../server/path.js";
import { ask } from "../ui/dialog.js";
import { make } from "../ui/dom.js";
import { problemBox } from "../ui/problem-box.js";

/**
 * @param {string} folder where
 * @returns {Promise<string>} its path; "" when there is none
 */
export async function makeFolder(folder) {
  const input = make("input", { type: "text", class: "field", autocomplete: "off", spellcheck: "false" });
  const problems = make("div", { role: "alert" });
  let path = "";
  await ask({
    title: "New folder",
    body: [make("label", { class: "field-label" }, "Name", input), problems],
    choices: [{ label: "Create", value: "create", kind: "main" }],
    onOpen: () => input.focus(),
    async attempt() {
      if (input.value === "") {
        input.focus();
        return false;
      }
      const { problem, body } = await call("/api/folders", {
        method: "POST",
        json: { path: join(folder, input.value) },
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
