// Files from the person: dropped, pasted or chosen; whole folders too, read entry by entry.
// @ts-check

/** @typedef {{ file: File, path: string }} Item a file, and its path relative to where it was dropped */
/** @typedef {(items: Item[]) => void} OnItems called with some hundred at a time while a large folder is read */

/**
 * The whole window is the target.
 * @param {HTMLElement} overlay shown while files hover over the page
 * @param {OnItems} onItems
 * @param {(name: string) => void} onUnreadable a dropped entry could not be read
 * @param {(reading: Promise<void>) => void} onReading settles when everything that was dropped has been handed over
 */
export function listenForDrops(overlay, onItems, onUnreadable, onReading) {
  addEventListener("dragenter", (event) => {
    if (hasFiles(event)) overlay.hidden = false;
  });
  addEventListener("dragover", (event) => {
    if (!hasFiles(event) || event.dataTransfer === null) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) overlay.hidden = true;
  });
  addEventListener("drop", (event) => {
    overlay.hidden = true;
    if (!hasFiles(event) || event.dataTransfer === null) return;
    event.preventDefault();
    onReading(takeTransfer(event.dataTransfer, onItems, onUnreadable));
  });
  addEventListener("paste", (event) => {
    if (event.clipboardData === null || event.clipboardData.files.length === 0) return;
    event.preventDefault();
    onReading(takeTransfer(event.clipboardData, onItems, onUnreadable));
  });
}

/**
 * A button that opens the chooser of a hidden file input.
 * @param {HTMLButtonElement} button
 * @param {HTMLInputElement} input
 * @param {OnItems} onItems
 */
export function listenForChoice(button, input, onItems) {
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    onItems(Array.from(input.files ?? [], (file) => ({ file, path: file.webkitRelativePath || file.name })));
    // Otherwise choosing the same file again would be no change.
    input.value = "";
  });
}

/** @param {DragEvent} event */
function hasFiles(event) {
  return event.dataTransfer?.types.includes("Files") === true;
}

/** @param {DataTransfer} transfer @param {OnItems} onItems @param {(name: string) => void} onUnreadable */
async function takeTransfer(transfer, onItems, onUnreadable) {
  /** @type {FileSystemEntry[]} */
  const entries = [];
  /** @type {Item[]} */
  const items = [];
  // The transfer is empty after the first await, so everything is taken out of it now.
  for (const item of transfer.items) {
    if (item.kind !== "file") continue;
    const entry = item.webkitGetAsEntry();
    const file = entry?.isDirectory ? null : item.getAsFile();
    if (file !== null) items.push({ file, path: file.name });
    else if (entry !== null) entries.push(entry);
  }
  if (items.length > 0) onItems(items);
  for (const entry of entries) await takeEntry(entry, onItems, onUnreadable);
}

/** @param {FileSystemEntry} entry @param {OnItems} onItems @param {(name: string) => void} onUnreadable */
async function takeEntry(entry, onItems, onUnreadable) {
  const folders = [entry];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    try {
      for await (const batch of contentOf(/** @type {FileSystemDirectoryEntry} */ (folder))) {
        folders.push(...batch.filter((child) => child.isDirectory));
        const files = batch.filter((child) => child.isFile);
        const found = await Promise.allSettled(
          files.map((child) => itemOf(/** @type {FileSystemFileEntry} */ (child))),
        );
        onItems(found.flatMap((result) => (result.status === "fulfilled" ? [result.value] : [])));
        found.forEach((result, i) => {
          if (result.status === "rejected") onUnreadable(files[i]?.fullPath.slice(1) ?? "");
        });
      }
    } catch {
      onUnreadable(folder.fullPath.slice(1));
    }
  }
}

/** A reader gives a hundred entries at a time, then an empty list. @param {FileSystemDirectoryEntry} folder */
async function* contentOf(folder) {
  const reader = folder.createReader();
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return;
    yield batch;
  }
}

/** @param {FileSystemFileEntry} entry @returns {Promise<Item>} */
async function itemOf(entry) {
  const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
  return { file, path: entry.fullPath.slice(1) };
}
