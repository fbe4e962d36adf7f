// Moves, copies, renames and deletes entries: confirms deletions, asks about names that are taken, and offers Undo.
// @ts-check
import { isGranted } from "../server/me.js";
import { join, nameOf } from "../server/path.js";
import { showDialog } from "../ui/dialog.js";
import { make } from "../ui/dom.js";
import { count, entryCount } from "../ui/format.js";
import { runBatch } from "./batch.js";
import { restoreEntries, retentionSeconds, retentionTime } from "./trash.js";

/** @import { BatchResult, Operation, Transfer } from "./batch.js" */
/** @import { Entry } from "../listing/entries.js" */

/** A dialog lists at most this many names. */
const MAX_NAMES = 5;

/** The verb of an action, such as "Moving" and "Moved". @typedef {{ present: string, past: string }} Verb */

const MOVE = { present: "Moving", past: "Moved" };
const MOVE_BACK = { present: "Moving back", past: "Moved back" };
const COPY = { present: "Copying", past: "Copied" };
const DELETE = { present: "Deleting", past: "Deleted" };
const RESTORE = { present: "Restoring", past: "Restored" };

/**
 * @param {object} options
 * @param {ReturnType<typeof import("../ui/toast.js").createToast>} options.toast
 * @param {() => Promise<void>} options.refresh reloads the listing
 */
export function createFileActions({ toast, refresh }) {
  /**
   * Runs operations and shows their progress and their result.
   * @param {Operation[]} operations
   * @param {Verb} verb
   * @param {string} [destination] for the sentence about the result
   */
  async function run(operations, verb, destination = "") {
    if (operations.length === 0) return;
    const subject =
      operations.length === 1 ? `“${operationName(operations[0])}”` : entryCount(operations.length);
    const abort = new AbortController();
    const progress = toast.showProgress(`${verb.present} ${subject}`, operations.length, () => abort.abort());
    const options = { signal: abort.signal, onProgress: progress.update };
    const result = await runBatch(operations, options);
    let choice = "";
    if (result.conflicts.length > 0 && !result.cancelled) {
      choice = await askAboutConflicts(result.conflicts);
      if (choice !== "") {
        const retried = result.conflicts.splice(0).map((one) => withConflict(one, choice));
        merge(result, await runBatch(retried, options));
      }
    }
    await refresh();
    toast.showResult(describeResult(result, verb, destination), {
      problem: result.problem,
      // A replaced file is lost, so the action cannot be undone.
      undo: choice === "replace" ? undefined : undoOf(result, verb),
    });
  }

  /** @param {BatchResult} result @param {Verb} verb */
  function undoOf({ done }, verb) {
    const deleted = done.flatMap(({ operation }) => (operation.op === "delete" ? [operation.path] : []));
    if (deleted.length > 0) {
      const canRestore = retentionSeconds() > 0 && isGranted("write", "delete");
      return canRestore ? () => void restore(deleted) : undefined;
    }
    const reversed = done.flatMap(({ operation, path }) =>
      operation.op === "move" && path !== undefined
        ? [/** @type {Transfer} */ ({ op: "move", from: path, to: operation.from, conflict: "fail" })]
        : [],
    );
    if (reversed.length === 0 || verb === MOVE_BACK) return undefined;
    return () => void run(reversed.reverse(), MOVE_BACK);
  }

  /** Restores entries from the trash. @param {string[]} paths */
  async function restore(paths) {
    const abort = new AbortController();
    const sentence = `${RESTORE.present} ${entryCount(paths.length)}`;
    const progress = toast.showProgress(sentence, paths.length, () => abort.abort());
    const result = await restoreEntries(paths, { signal: abort.signal, onProgress: progress.update });
    await refresh();
    toast.showResult(describeResult(result, RESTORE, ""), { problem: result.problem });
  }

  return {
    run,
    /** @param {Entry[]} entries @param {string} folder */
    move: (entries, folder) => run(transfers("move", entries, folder), MOVE, folderLabel(folder)),
    /** @param {Entry[]} entries @param {string} folder */
    copy: (entries, folder) => run(transfers("copy", entries, folder), COPY, folderLabel(folder)),
    /** Deletes entries after a confirmation. @param {Entry[]} entries */
    async remove(entries) {
      if (entries.length === 0) return;
      const hasFolders = entries.some(({ kind }) => kind === "folder");
      const contents = hasFolders ? "Everything inside the folders is deleted as well. " : "";
      const consequence =
        retentionSeconds() > 0
          ? `Deleted entries stay in the trash for ${retentionTime()}.`
          : "This cannot be undone.";
      const answer = await showDialog({
        title: `Delete ${describeEntries(entries)}?`,
        body: [nameList(entries), make("p", { class: "dialog-note" }, `${contents}${consequence}`)],
        buttons: [{ label: `Delete ${describeEntries(entries)}`, value: "delete", kind: "danger" }],
      });
      if (answer === "") return;
      await run(
        entries.map(({ path }) => ({ op: "delete", path, recursive: true })),
        DELETE,
      );
    },
  };
}

/** @param {"move" | "copy"} op @param {Entry[]} entries @param {string} folder @returns {Transfer[]} */
function transfers(op, entries, folder) {
  return entries.map(({ path, name }) => ({ op, from: path, to: join(folder, name), conflict: "fail" }));
}

/** @param {Operation} operation @param {string} choice @returns {Operation} */
function withConflict(operation, choice) {
  return "from" in operation
    ? { ...operation, conflict: choice === "replace" ? "replace" : "rename" }
    : operation;
}

/** @param {Operation[]} conflicts @returns {Promise<string>} "rename", "replace", or "" to skip these entries */
function askAboutConflicts(conflicts) {
  const single = conflicts.length === 1;
  const keep = {
    label: single ? "Keep both entries" : "Keep all entries",
    value: "rename",
    kind: /** @type {const} */ ("main"),
  };
  const replace = {
    label: single ? "Replace file" : "Replace files",
    value: "replace",
    kind: /** @type {const} */ ("danger"),
  };
  const keepNote = single
    ? "“Keep both entries” adds a number to the new name."
    : "“Keep all entries” adds numbers to the new names.";
  const replaceNote = isGranted("replace")
    ? ` “${replace.label}” deletes the existing ${single ? "file" : "files"}; folders are never replaced.`
    : "";
  return showDialog({
    title: single ? "This name is already taken" : `${count(conflicts.length)} names are already taken`,
    body: [
      nameList(conflicts.map((operation) => ({ name: operationName(operation, true) }))),
      make("p", { class: "dialog-note" }, `${keepNote}${replaceNote}`),
    ],
    buttons: isGranted("replace") ? [replace, keep] : [keep],
  });
}

/** @param {BatchResult} result @param {BatchResult} more */
function merge(result, more) {
  result.done.push(...more.done);
  result.conflicts.push(...more.conflicts);
  result.failed.push(...more.failed);
  result.problem ??= more.problem;
  result.cancelled ||= more.cancelled;
}

/** @param {BatchResult} result @param {Verb} verb @param {string} destination */
function describeResult({ done, conflicts, failed, cancelled }, { past }, destination) {
  const subject = done.length === 1 ? `“${operationName(done[0]?.operation)}”` : entryCount(done.length);
  const verb = past.toLowerCase();
  const sentences = [];
  if (done.length > 0) sentences.push(`${past} ${subject}${destination === "" ? "" : ` to ${destination}`}.`);
  const renamed = done.filter(({ renamedFrom }) => renamedFrom !== undefined);
  if (renamed.length === 1)
    sentences.push(`Its name was taken, so it is now called “${nameOf(renamed[0]?.path ?? "")}”.`);
  else if (renamed.length > 1)
    sentences.push(`${entryCount(renamed.length)} got a number in the name, because their names were taken.`);
  if (conflicts.length === 1) sentences.push(`1 entry was not ${verb}, because its name is taken.`);
  else if (conflicts.length > 1)
    sentences.push(`${entryCount(conflicts.length)} were not ${verb}, because their names are taken.`);
  if (failed.length > 0) sentences.push(`${entryCount(failed.length)} could not be ${verb}.`);
  if (cancelled) sentences.push("The action was cancelled.");
  return sentences.join(" ") || "Nothing was changed.";
}

/** For example "4 files and 1 folder". @param {Entry[]} entries */
export function describeEntries(entries) {
  const folders = entries.filter(({ kind }) => kind === "folder").length;
  const files = entries.length - folders;
  const parts = [];
  if (files > 0) parts.push(`${count(files)} ${files === 1 ? "file" : "files"}`);
  if (folders > 0) parts.push(`${count(folders)} ${folders === 1 ? "folder" : "folders"}`);
  return parts.join(" and ");
}

/** @param {{ name: string }[]} entries */
function nameList(entries) {
  const items = entries.slice(0, MAX_NAMES).map(({ name }) => make("li", {}, make("bdi", {}, name)));
  if (entries.length > MAX_NAMES) items.push(make("li", {}, `and ${count(entries.length - MAX_NAMES)} more`));
  return make("ul", { class: "dialog-names" }, ...items);
}

/** The name of the entry that is changed. @param {Operation | undefined} operation @param {boolean} [target] its new name */
function operationName(operation, target = false) {
  if (operation === undefined) return "";
  if ("path" in operation) return nameOf(operation.path);
  return nameOf(target ? operation.to : operation.from);
}

/** @param {string} folder */
function folderLabel(folder) {
  return folder === "" ? "Files" : `“${nameOf(folder)}”`;
}
