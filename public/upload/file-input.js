// Receives files that the user drops, pastes or chooses. Dropped folders are read recursively.
// @ts-check

/** @typedef {{ file: File, path: string }} Item a file, and its path relative to the dropped or chosen folder */
/** @typedef {(items: Item[]) => void} OnItems called repeatedly while a large folder is read */

/**
 * Accepts files that are dropped anywhere in the window, or pasted.
 * @param {() => boolean} canAccept whether files are accepted now; otherwise the page leaves them alone
 * @param {HTMLElement} overlay shown while files are dragged over the page
 * @param {OnItems} onItems
 * @param {(path: string) => void} onUnreadable a file or folder could not be read
 * @param {(reading: Promise<void>) => void} onReading gets a promise that resolves once all items have been passed on
 */
export function acceptDroppedFiles(canAccept, overlay, onItems, onUnreadable, onReading) {
  addEventListener("dragenter", (event) => {
    if (hasFiles(event) && canAccept()) overlay.hidden = false;
  });
  addEventListener("dragover", (event) => {
    if (!hasFiles(event) || event.dataTransfer === null) return;
    // Otherwise the browser would open a dropped file instead of the page.
    event.preventDefault();
    event.dataTransfer.dropEffect = canAccept() ? "copy" : "none";
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) overlay.hidden = true;
  });
  addEventListener("drop", (event) => {
    overlay.hidden = true;
    if (!hasFiles(event) || event.dataTransfer === null) return;
    event.preventDefault();
    if (!canAccept()) return;
    onReading(readTransfer(event.dataTransfer, onItems, onUnreadable));
  });
  addEventListener("paste", (event) => {
    if (event.clipboardData === null || event.clipboardData.files.length === 0 || !canAccept()) return;
    event.preventDefault();
    onReading(readTransfer(event.clipboardData, onItems, onUnreadable));
  });
}

/**
 * Accepts files that are chosen in the file dialog of a hidden input.
 * @param {HTMLButtonElement} button opens the file dialog
 * @param {HTMLInputElement} input
 * @param {OnItems} onItems
 */
export function acceptChosenFiles(button, input, onItems) {
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    onItems(Array.from(input.files ?? [], (file) => ({ file, path: file.webkitRelativePath || file.name })));
    // Without this, choosing the same file again would not fire a change event.
    input.value = "";
  });
}

/** @param {DragEvent} event */
function hasFiles(event) {
  return event.dataTransfer?.types.includes("Files") === true;
}

/** @param {DataTransfer} transfer @param {OnItems} onItems @param {(path: string) => void} onUnreadable */
async function readTransfer(transfer, onItems, onUnreadable) {
  /** @type {FileSystemEntry[]} */
  const folders = [];
  /** @type {Item[]} */
  const items = [];
  // The browser clears the transfer at the first await, so all entries are read from it before.
  for (const item of transfer.items) {
    if (item.kind !== "file") continue;
    const entry = item.webkitGetAsEntry();
    const file = entry?.isDirectory ? null : item.getAsFile();
    if (file !== null) items.push({ file, path: file.name });
    else if (entry !== null) folders.push(entry);
  }
  if (items.length > 0) onItems(items);
  for (const folder of folders) await readFolder(folder, onItems, onUnreadable);
}

/** @param {FileSystemEntry} root @param {OnItems} onItems @param {(path: string) => void} onUnreadable */
async function readFolder(root, onItems, onUnreadable) {
  const pending = [root];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    try {
      for await (const batch of readEntries(/** @type {FileSystemDirectoryEntry} */ (folder))) {
        pending.push(...batch.filter((child) => child.isDirectory));
        const files = batch.filter((child) => child.isFile);
        const results = await Promise.allSettled(
          files.map((child) => toItem(/** @type {FileSystemFileEntry} */ (child))),
        );
        onItems(results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : [])));
        results.forEach((result, i) => {
          if (result.status === "rejected") onUnreadable(files[i]?.fullPath.slice(1) ?? "");
        });
      }
    } catch {
      onUnreadable(folder.fullPath.slice(1));
    }
  }
}

/**
 * Yields batches of entries. A reader returns about 100 at a time, and an empty list at the end.
 * @param {FileSystemDirectoryEntry} folder
 */
async function* readEntries(folder) {
  const reader = folder.createReader();
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return;
    yield batch;
  }
}

/** @param {FileSystemFileEntry} entry @returns {Promise<Item>} */
async function toItem(entry) {
  const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
  return { file, path: entry.fullPath.slice(1) };
}
