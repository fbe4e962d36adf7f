// Formats numbers, sizes, rates, durations and dates in the locale of the browser.
// @ts-check

const UNITS = ["kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte"];

const whole = new Intl.NumberFormat();
const scaled = UNITS.map(
  (unit) =>
    new Intl.NumberFormat(undefined, {
      style: "unit",
      unit,
      unitDisplay: "short",
      maximumSignificantDigits: 3,
    }),
);
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const calendar = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const dayWord = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

/** @param {number} n */
export function count(n) {
  return whole.format(n);
}

/** "1 file", "12 files". @param {number} n */
export function fileCount(n) {
  return `${count(n)} ${n === 1 ? "file" : "files"}`;
}

/** "1 entry", "12 entries". @param {number} n */
export function entryCount(n) {
  return `${count(n)} ${n === 1 ? "entry" : "entries"}`;
}

/**
 * A size in decimal units, as for disks and networks: 1 kB = 1000 bytes. At most three digits, as in the log of the server.
 * @param {number} bytes
 */
export function size(bytes) {
  if (bytes < 1000) return `${whole.format(bytes)} B`;
  let value = bytes;
  for (const unit of scaled) {
    value /= 1000;
    // With three digits 999.5 would round to 1000, so it is shown in the next unit.
    if (value < 999.5 || unit === scaled.at(-1)) return unit.format(value);
  }
  return "";
}

/** @param {number} bytesPerSecond */
export function rate(bytesPerSecond) {
  return `${size(Math.round(bytesPerSecond))}/s`;
}

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 1) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 9.95) return `${whole.format(Math.round(seconds * 10) / 10)} s`;
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${whole.format(Math.floor(s / 3600))} h ${Math.floor((s % 3600) / 60)} min`;
}

/** The estimated remaining time, deliberately coarse because the rate varies. @param {number} seconds */
export function timeLeft(seconds) {
  if (!Number.isFinite(seconds) || seconds > 1e6) return "";
  if (seconds < 10) return "a few seconds left";
  if (seconds < 55) return `about ${Math.round(seconds / 10) * 10} s left`;
  if (seconds < 3600) return `about ${Math.max(1, Math.round(seconds / 60))} min left`;
  const hours = Math.floor(seconds / 3600);
  return `about ${hours} h ${Math.floor((seconds % 3600) / 600) * 10} min left`;
}

/** A percentage, rounded down and at most 99 until the work is done. @param {number} fraction 0 to 1 @param {boolean} done */
export function percent(fraction, done) {
  return done ? 100 : Math.min(99, Math.floor(fraction * 100));
}

/** "today, 14:03", "yesterday, 9:12", or the date. @param {string} iso @param {Date} [now] */
export function shortDate(iso, now = new Date()) {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "";
  const days = Math.round((midnight(date) - midnight(now)) / 86_400_000);
  if (days === 0 || days === -1) return `${dayWord.format(days, "day")}, ${clock.format(date)}`;
  return calendar.format(date);
}

/** The full date and time, for a tooltip. @param {string} iso */
export function fullDate(iso) {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? "" : `${calendar.format(date)}, ${clock.format(date)}`;
}

/** @param {Date} date */
function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
