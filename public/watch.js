// Asks the server, twice a second while something of ours runs, how much of each upload is on the disk.
// @ts-check

/** @import { Queue } from "./queue.js" */

const EVERY_MS = 500;

/**
 * Fills in `level` of the running uploads.
 * @param {Queue} queue
 * @param {() => void} onChange
 */
export function watch(queue, onChange) {
  let asking = false;
  return {
    /** Call whenever the queue changed: asking starts with the first upload and ends with the last. */
    wake() {
      if (asking || queue.running.size === 0) return;
      asking = true;
      setTimeout(async () => {
        await ask(queue);
        asking = false;
        onChange();
        this.wake();
      }, EVERY_MS);
    },
  };
}

/** @param {Queue} queue */
async function ask(queue) {
  const answer = await uploads();
  const byId = new Map(answer.map((upload) => [upload.id, upload]));
  for (const upload of queue.running) {
    const level = byId.get(upload.id);
    if (level !== undefined) upload.level = level;
  }
}

/**
 * No answer is no news: the uploads themselves say when the server is gone.
 * @returns {Promise<({ id: string } & import("./queue.js").Level)[]>}
 */
async function uploads() {
  try {
    const response = await fetch("/api/uploads", { headers: { accept: "application/json" } });
    if (!response.ok) return [];
    const answer = await response.json();
    return Array.isArray(answer.uploads) ? answer.uploads : [];
  } catch {
    return [];
  }
}
