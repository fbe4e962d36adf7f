// Moving, copying and removing what is selected: the requests, the question when names are taken, what is said at the end.
// @ts-check

import { may } from "../server/grants.js";
import { join, nameOf } from "../server/path.js";
import { ask } from "../ui/dialog.js";
import { make } from "../ui/dom.js";
import { count, entries as entriesOf } from "../ui/format.js";
import { perform } from "./batch.js";
import { kept, keptFor, restore } from "./trash.js";

/** @import { Operation, Result, Way } from "./batch.js" */
/** @import { Entry } from "../listing/entries.js" */

/** At most so many names in a question. */
const NAMED = 5;

/** @typedef {{ doing: string, done: string }} Words "Moving", "Moved" */

/**
 * @param {object} page
 * @param {ReturnType<typeof import("../ui/toast.js").notice>} page.notice
 * @param {() => Promise<void>} page.refresh look at the folder again
 */
export function putInOrder({ notice, refresh }) {
  /**
   * @param {Operation[]} operations
   * @param {Words} words
   * @param {string} [place] where to, for people
   */
  async function carryOut(operations, words, place = "") {
    if (operations.length === 0) return;
    const what = operations.length === 1 ? `“${nameIn(operations[0])}”` : entriesOf(operations.length);
    const abort = new AbortController();
    const work = notice.working(`${words.doing} ${what}`, operations.length, () => abort.abort());
    const options = { signal: abort.signal, onProgress: work.update };
    const result = await perform(operations, options);
    let choice = "";
    if (result.taken.length > 0 && !result.cancelled) {
      choice = await askAboutTaken(result.taken);
      if (choice !== "")
        merge(
          result,
          await perform(
            result.taken.splice(0).map((one) => settle(one, choice)),
            options,
          ),
        );
    }
    await refresh();
    notice.over(sentence(result, words, place), {
      problem: result.problem,
      undo: choice === "replace" ? undefined : undoing(result, words),
    });
  }

  /** @param {Result} result @param {Words} words */
  function undoing({ done }, { done: word }) {
    const removed = done.flatMap(({ operation }) => (operation.op === "delete" ? [operation.path] : []));
    if (removed.length > 0)
      return kept > 0 && may("write", "delete") ? () => void takeBack(removed) : undefined;
    const back = done.flatMap(({ operation, path }) =>
      operation.op === "move" && path !== undefined
        ? [/** @type {Way} */ ({ op: "move", from: path, to: operation.from, conflict: "fail" })]
        : [],
    );
    if (back.length === 0 || word === UNDONE.done) return undefined;
    return () => void carryOut(back.reverse(), UNDONE);
  }

  /** Out of the trash. @param {string[]} paths */
  async function takeBack(paths) {
    const abort = new AbortController();
    const words = { doing: "Restoring", done: "Restored" };
    const what = `${words.doing} ${entriesOf(paths.length)}`;
    const work = notice.working(what, paths.length, () => abort.abort());
    const result = await restore(paths, { signal: abort.signal, onProgress: work.update });
    await refresh();
    notice.over(sentence(result, words, ""), { problem: result.problem });
  }

  return {
    carryOut,
    /** @param {Entry[]} entries @param {string} folder */
    move: (entries, folder) =>
      carryOut(ways("move", entries, folder), { doing: "Moving", done: "Moved" }, placeOf(folder)),
    /** @param {Entry[]} entries @param {string} folder */
    copy: (entries, folder) =>
      carryOut(ways("copy", entries, folder), { doing: "Copying", done: "Copied" }, placeOf(folder)),
    /** Asks first. @param {Entry[]} entries */
    async remove(entries) {
      if (entries.length === 0) return;
      const folders = entries.some(({ kind }) => kind === "folder");
      const whole = folders ? "Everything in the folders is deleted, too. " : "";
      const after = kept > 0 ? `It stays in the trash for ${keptFor()}.` : "This cannot be undone.";
      const answer = await ask({
        title: `Delete ${kinds(entries)}?`,
        body: [names(entries), make("p", { class: "dialog-note" }, `${whole}${after}`)],
        choices: [{ label: "Delete", value: "delete", kind: "danger" }],
      });
      if (answer === "") return;
      await carryOut(
        entries.map(({ path }) => ({ op: "delete", path, recursive: true })),
        { doing: "Deleting", done: "Deleted" },
      );
    },
  };
}

const UNDONE = { doing: "Moving back", done: "Moved back" };

/** @param {"move" | "copy"} op @param {Entry[]} entries @param {string} folder @returns {Way[]} */
function ways(op, entries, folder) {
  return entries.map(({ path, name }) => ({ op, from: path, to: join(folder, name), conflict: "fail" }));
}

/** @param {Operation} operation @param {string} choice @returns {Operation} */
function settle(operation, choice) {
  return "from" in operation
    ? { ...operation, conflict: choice === "replace" ? "replace" : "rename" }
    : operation;
}

/** @param {Operation[]} taken */
function askAboutTaken(taken) {
  const one = taken.length === 1;
  const keep = {
    label: one ? "Keep both" : "Keep all",
    value: "rename",
    kind: /** @type {const} */ ("main"),
  };
  const replace = { label: "Replace", value: "replace", kind: /** @type {const} */ ("danger") };
  return ask({
    title: one ? "The name is taken" : `${count(taken.length)} names are taken`,
    body: [
      names(taken.map((operation) => ({ name: nameIn(operation, true) }))),
      make(
        "p",
        { class: "dialog-note" },
        `${one ? "Keep both: this one gets a number." : "Keep all: these get numbers."}${may("replace") ? " Replace: the file that is there is lost; folders are never replaced." : ""}`,
      ),
    ],
    choices: may("replace") ? [replace, keep] : [keep],
  });
}

/** @param {Result} result @param {Result} more */
function merge(result, more) {
  result.done.push(...more.done);
  result.taken.push(...more.taken);
  result.failed.push(...more.failed);
  result.problem ??= more.problem;
  result.cancelled ||= more.cancelled;
}

/** @param {Result} result @param {Words} words @param {string} place */
function sentence({ done, taken, failed, cancelled }, words, place) {
  const only = done.length === 1 ? `“${nameIn(done[0]?.operation)}”` : entriesOf(done.length);
  const parts = [];
  if (done.length > 0) parts.push(`${words.done} ${only}${place === "" ? "" : ` to ${place}`}.`);
  const renamed = done.filter(({ renamedFrom }) => renamedFrom !== undefined);
  if (renamed.length === 1) parts.push(`Its name is now “${nameOf(renamed[0]?.path ?? "")}”.`);
  else if (renamed.length > 1) parts.push(`${count(renamed.length)} got a number in their names.`);
  if (taken.length > 0) parts.push(`${entriesOf(taken.length)} left: the name is taken.`);
  if (failed.length > 0) parts.push(`${entriesOf(failed.length)} could not be ${words.done.toLowerCase()}.`);
  if (cancelled) parts.push("Cancelled.");
  return parts.join(" ") || "Nothing was changed.";
}

/** @param {Entry[]} entries */
export function kinds(entries) {
  const folders = entries.filter(({ kind }) => kind === "folder").length;
  const files = entries.length - folders;
  const parts = [];
  if (files > 0) parts.push(`${count(files)} ${files === 1 ? "file" : "files"}`);
  if (folders > 0) parts.push(`${count(folders)} ${folders === 1 ? "folder" : "folders"}`);
  return parts.join(" and ");
}

/** @param {{ name: string }[]} named */
function names(named) {
  const lines = named.slice(0, NAMED).map(({ name }) => make("li", {}, make("bdi", {}, name)));
  if (named.length > NAMED) lines.push(make("li", {}, `and ${count(named.length - NAMED)} more`));
  return make("ul", { class: "dialog-names" }, ...lines);
}

/** @param {Operation | undefined} operation @param {boolean} [target] the name it is to get */
function nameIn(operation, target = false) {
  if (operation === undefined) return "";
  if ("path" in operation) return nameOf(operation.path);
  return nameOf(target ? operation.to : operation.from);
}

/** @param {string} folder */
function placeOf(folder) {
  return folder === "" ? "Files" : `“${nameOf(folder)}”`;
}
