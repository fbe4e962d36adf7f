// Receives the server-side progress of running uploads: by server-sent events, or by polling where events are unavailable.
// @ts-check
import { serverUrl } from "../server/base.js";

/** @import { Queue, ServerProgress } from "./queue.js" */

const POLL_MS = 500;
/** The server sends the first event at once. If it does not arrive in time, a proxy is buffering events. */
const FIRST_EVENT_TIMEOUT_MS = 3000;

/**
 * Updates `progress` of the running uploads. Call the returned function whenever the queue changes: it starts the feed
 * with the first running upload, and stops it after the last.
 * @param {Queue} queue
 * @param {() => void} onChange
 */
export function createProgressFeed(queue, onChange) {
  let scheduled = false;
  let eventsUnavailable = !("EventSource" in globalThis);
  /** @type {EventSource | undefined} */
  let source;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timeout;

  function close() {
    clearTimeout(timeout);
    source?.close();
    source = undefined;
  }

  function subscribe() {
    const events = new EventSource(serverUrl("/api/uploads/events"));
    source = events;
    const fallBackToPolling = () => {
      close();
      eventsUnavailable = true;
      update();
    };
    timeout = setTimeout(fallBackToPolling, FIRST_EVENT_TIMEOUT_MS);
    events.addEventListener("uploads", ({ data }) => {
      clearTimeout(timeout);
      applyProgress(queue, JSON.parse(data).uploads);
      onChange();
    });
    // The browser reconnects by itself after a lost connection, but not after a refusal.
    events.addEventListener("error", () => events.readyState === EventSource.CLOSED && fallBackToPolling());
  }

  function update() {
    if (queue.running.size === 0) return close();
    if (scheduled || source !== undefined) return;
    scheduled = true;
    // Uploads that finish before this timer fires cost no request.
    setTimeout(async () => {
      if (eventsUnavailable) await pollProgress(queue);
      scheduled = false;
      if (!eventsUnavailable && queue.running.size > 0) return subscribe();
      onChange();
      update();
    }, POLL_MS);
  }

  return update;
}

/** @param {Queue} queue @param {(ServerProgress & { id: string })[]} uploads all uploads that the server receives now */
function applyProgress(queue, uploads) {
  const byId = new Map(uploads.map((progress) => [progress.id, progress]));
  for (const upload of queue.running) upload.progress = byId.get(upload.id) ?? upload.progress;
}

/** @param {Queue} queue */
async function pollProgress(queue) {
  await Promise.all(
    [...queue.running].map(async (upload) => {
      const progress = await fetchProgress(upload.id);
      if (progress !== undefined) upload.progress = progress;
    }),
  );
}

/**
 * Fetches the progress of one upload by its id, which the server answers even without the grant `read`. Errors are
 * ignored, because the upload itself reports a lost connection.
 * @param {string} id
 * @returns {Promise<ServerProgress | undefined>}
 */
async function fetchProgress(id) {
  try {
    const response = await fetch(serverUrl(`/api/uploads/${id}`), {
      headers: { accept: "application/json" },
    });
    return response.ok ? (await response.json()).uploads?.[0] : undefined;
  } catch {
    return undefined;
  }
}
