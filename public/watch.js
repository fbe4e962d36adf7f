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
  await Promise.all(
    [...queue.running].map(async (upload) => {
      const level = await levelOf(upload.id);
      if (level !== undefined) upload.level = level;
    }),
  );
}

/**
 * By its own id, which may be asked for also where nothing may be read. No answer is no news: the uploads themselves
 * say when the server is gone.
 * @param {string} id
 * @returns {Promise<import("./queue.js").Level | undefined>}
 */
async function levelOf(id) {
  try {
    const response = await fetch(`/api/uploads/${id}`, { headers: { accept: "application/json" } });
    return response.ok ? (await response.json()).uploads?.[0] : undefined;
  } catch {
    return undefined;
  }
}
