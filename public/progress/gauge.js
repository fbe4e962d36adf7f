// The gauge at the top of the page: an invitation to upload while idle, the total progress of the batch while uploads run.
// @ts-check
import { isGranted } from "../server/me.js";
import { byId, joinWithDots, setText } from "../ui/dom.js";
import { count, duration, fileCount, percent, rate, size, timeLeft } from "../ui/format.js";

/** @import { Queue } from "../upload/queue.js" */

const SAMPLE_MS = 450;

/** @param {Queue} queue */
export function createGauge(queue) {
  const box = byId("gauge", HTMLElement);
  const title = byId("gauge-title", HTMLElement);
  const note = byId("gauge-note", HTMLElement);
  const bar = byId("gauge-bar", HTMLElement);
  let sampledAt = 0;
  let speed = 0;

  return function draw() {
    const { batch, busy, pausedBy } = queue;
    const running = queue.runningBytes;
    const state = batch.files === 0 ? "idle" : pausedBy !== undefined ? "paused" : busy ? "running" : "ended";
    const level = percent(batch.fraction(running), state === "ended" && batch.failed === 0);
    box.dataset["flow"] = state;
    box.style.setProperty("--level", String(state === "idle" ? 0 : level / 100));
    bar.hidden = !busy;
    bar.setAttribute("aria-valuenow", String(level));
    if (state === "running" || state === "paused") {
      const now = performance.now();
      if (now - sampledAt > SAMPLE_MS) {
        sampledAt = now;
        speed = batch.rate(running);
      }
      const remaining = batch.bytes - batch.savedBytes - batch.failedBytes - running;
      setText(title, state === "paused" ? `Paused at ${level} %` : `${level} % saved`);
      setText(
        note,
        joinWithDots(
          batch.files > 1 ? `${count(batch.saved)} of ${fileCount(batch.files)}` : "",
          `${size(batch.savedBytes + running)} of ${size(batch.bytes)}`,
          speed > 1000 ? rate(speed) : "",
          speed > 0 ? timeLeft(remaining / speed) : "",
        ),
      );
    } else {
      speed = 0;
      const idle = idleTexts();
      setText(title, state === "ended" ? describeResult(batch) : idle.title);
      setText(note, state === "ended" ? describeTotals(batch) : idle.note);
    }
  };
}

/** The texts of the idle gauge. Touch screens support neither drag and drop nor paste. */
function idleTexts() {
  if (!isGranted("write"))
    return isGranted("read")
      ? { title: "Browse and download files", note: "You cannot upload to this folder." }
      : { title: "Browse files", note: "You cannot upload to this folder or download from it." };
  const level = "The water level shows how much is saved to the server’s disk.";
  return matchMedia("(pointer: coarse)").matches
    ? { title: "Upload files to this folder", note: level }
    : { title: "Drop files or folders anywhere", note: `Or paste or choose them here. ${level}` };
}

/** One sentence about a batch that has ended. @param {Queue["batch"]} batch */
export function describeResult({ files, saved, failed }) {
  if (failed > 0) return `${count(saved)} saved, ${count(failed)} failed`;
  if (files === 0) return "Uploads cancelled";
  return files === 1 ? "File saved" : `All ${fileCount(files)} saved`;
}

/** One sentence about a batch that is running. @param {Queue["batch"]} batch */
export function describeProgress({ files, saved, failed }) {
  return `${count(saved)} of ${fileCount(files)} saved${failed > 0 ? `, ${count(failed)} failed` : ""}`;
}

/** @param {Queue["batch"]} batch */
function describeTotals({ savedBytes, resumedBytes, startedAt, endedAt, saved }) {
  if (saved === 0) return "No files were saved.";
  if (resumedBytes > 0)
    return `${size(savedBytes)} saved to the server’s disk, ${size(resumedBytes)} of it during an earlier visit.`;
  return `${size(savedBytes)} saved to the server’s disk in ${duration((endedAt - startedAt) / 1000)}.`;
}
