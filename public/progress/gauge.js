// The gauge at the top: an invitation while idle, and the water level of the whole batch while files arrive.
// @ts-check

import { may } from "../server/grants.js";
import { byId, dots, setText } from "../ui/dom.js";
import { count, duration, files, left, percent, rate, size } from "../ui/format.js";

/** @import { Queue } from "../upload/queue.js" */

/** @param {Queue} queue */
export function gauge(queue) {
  const box = byId("gauge", HTMLElement);
  const title = byId("gauge-title", HTMLElement);
  const note = byId("gauge-note", HTMLElement);
  const bar = byId("gauge-bar", HTMLElement);
  const invitation = invite(title.textContent, note.textContent);
  let lastSample = 0;
  let speed = 0;

  return function draw() {
    const { tally } = queue;
    const running = runningBytes(queue);
    const state =
      tally.files === 0 ? "idle" : queue.held !== undefined ? "held" : queue.busy ? "running" : "over";
    const full = percent(tally.share(running), state === "over" && tally.failed === 0);
    box.dataset["flow"] = state;
    box.style.setProperty("--level", String(state === "idle" ? 0 : full / 100));
    bar.hidden = !queue.busy;
    bar.setAttribute("aria-valuenow", String(full));
    if (state === "running" || state === "held") {
      const now = performance.now();
      if (now - lastSample > 450) {
        lastSample = now;
        speed = tally.rate(running);
      }
      const rest =
        speed > 0 ? left((tally.bytes - tally.savedBytes - tally.failedBytes - running) / speed) : "";
      setText(title, state === "held" ? `Held at ${full} %` : `${full} % saved`);
      setText(
        note,
        dots(
          tally.files > 1 ? `${count(tally.saved)} of ${files(tally.files)}` : "",
          `${size(tally.savedBytes + running)} of ${size(tally.bytes)}`,
          speed > 1000 ? rate(speed) : "",
          rest,
        ),
      );
    } else {
      speed = 0;
      setText(title, state === "over" ? resultOf(tally) : invitation.title);
      setText(note, state === "over" ? noteOf(tally) : invitation.note);
    }
  };
}

/** On a touch screen nothing can be dropped or pasted. @param {string} title @param {string} note */
function invite(title, note) {
  if (!may("write"))
    return { title: "Files to look at", note: "And to download: this server takes no uploads." };
  if (!matchMedia("(pointer: coarse)").matches) return { title, note };
  return { title: "Send files here", note: "The level shows what is safely on the server’s disk." };
}

/** One sentence about a batch that is over. @param {Queue["tally"]} tally */
export function resultOf({ files: all, saved, failed }) {
  if (failed > 0) return `${count(saved)} saved, ${count(failed)} failed`;
  if (all === 0) return "Cancelled";
  return all === 1 ? "Saved" : `All ${files(all)} saved`;
}

/** One sentence about a batch that runs. @param {Queue["tally"]} tally */
export function progressOf({ files: all, saved, failed }) {
  return `${count(saved)} of ${files(all)} saved${failed > 0 ? `, ${count(failed)} failed` : ""}`;
}

/** @param {Queue["tally"]} tally */
function noteOf({ savedBytes, beforeBytes, started, ended, saved }) {
  if (saved === 0) return "Nothing was saved.";
  if (beforeBytes > 0)
    return `${size(savedBytes)} on the disk, with their names. ${size(beforeBytes)} of it were there from before.`;
  return `${size(savedBytes)} in ${duration((ended - started) / 1000)}. On the disk, with their names.`;
}

/** Bytes on the disk of files that are not finished. @param {Queue} queue */
export function runningBytes({ running, tally }) {
  let sum = 0;
  for (const { level, file, tally: own } of running) {
    if (own === tally) sum += Math.min(level?.saved ?? 0, file.size);
  }
  return sum;
}
