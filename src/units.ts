// Units: an hour and a day; bytes, counts, rates and times for people, with decimal units, at most three digits, a space before the unit.

/** Milliseconds. */
export const HOUR = 3_600_000;
/** Milliseconds. */
export const DAY = 24 * HOUR;

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** `6 B`, `30 MB`, `1.23 GB`. */
export function formatBytes(bytes: number): string {
  let value = Number.isFinite(bytes) ? Math.round(bytes) : 0;
  let unit = 0;
  // 999.5 would be rounded to 1000, so it is shown in the next unit.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 1000 ? Number(value.toPrecision(3)) : Math.round(value)} ${UNITS[unit]}`;
}

/** `1 file`, `3 files`. */
export function formatCount(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** Bytes per second: `23.4 MB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** `12 ms`, `1.2 s`, `45 s`, `3 min 20 s`, `2 h 5 min`, `4 d`. */
export function formatTime(seconds: number): string {
  if (seconds < 0.9995) return `${Math.ceil(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return joined(Math.floor(whole / 60), "min", whole % 60, "s");
  if (whole < 172_800) return joined(Math.floor(whole / 3600), "h", Math.floor((whole % 3600) / 60), "min");
  return `${Math.round(whole / 86_400)} d`;
}

function joined(large: number, unit: string, rest: number, smaller: string): string {
  return rest === 0 ? `${large} ${unit}` : `${large} ${unit} ${rest} ${smaller}`;
}
