// Learns from the server how much of each upload is on the disk: by its events, or by asking twice a second.
// @ts-check

/** @import { Level, Queue } from "./queue.js" */

const EVERY_MS = 500;
/** The first event comes at once. Where it does not, something on the way holds events back. */
const PATIENCE_MS = 3000;

/**
 * Fills in `level` of the running uploads.
 * @param {Queue} queue
 * @param {() => void} onChange
 */
export function watch(queue, onChange) {
  let asking = false;
  /** Events were refused, or did not come. */
  let mute = !("EventSource" in globalThis);
  /** @type {EventSource | undefined} */
  let source;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let late;

  function close() {
    clearTimeout(late);
    source?.close();
    source = undefined;
  }

  function listen() {
    const events = new EventSource("/api/uploads/events");
    source = events;
    const giveUp = () => {
      close();
      mute = true;
      wake();
    };
    late = setTimeout(giveUp, PATIENCE_MS);
    events.addEventListener("uploads", ({ data }) => {
      clearTimeout(late);
      take(queue, JSON.parse(data).uploads);
      onChange();
    });
    // A browser tries again by itself what was cut, and not what was refused.
    events.addEventListener("error", () => events.readyState === EventSource.CLOSED && giveUp());
  }

  function wake() {
    if (queue.running.size === 0) return close();
    if (asking || source !== undefined) return;
    asking = true;
    // What is over by then is not worth a request.
    setTimeout(async () => {
      if (mute) await ask(queue);
      asking = false;
      if (!mute && queue.running.size > 0) return listen();
      onChange();
      wake();
    }, EVERY_MS);
  }

  /** `wake`: call whenever the queue changed. It begins with the first upload and ends with the last. */
  return { wake };
}

/** @param {Queue} queue @param {(Level & { id: string })[]} levels of all uploads at the server */
function take(queue, levels) {
  const byId = new Map(levels.map((level) => [level.id, level]));
  for (const upload of queue.running) upload.level = byId.get(upload.id) ?? upload.level;
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
 * @returns {Promise<Level | undefined>}
 */
async function levelOf(id) {
  try {
    const response = await fetch(`/api/uploads/${id}`, { headers: { accept: "application/json" } });
    return response.ok ? (await response.json()).uploads?.[0] : undefined;
  } catch {
    return undefined;
  }
}
