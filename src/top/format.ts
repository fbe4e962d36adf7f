// Uploads in words: amounts, times, and names that nobody's terminal obeys.

import { formatRate } from "../core/report/flow-report.ts";
import { printable } from "../plugins/log.ts";
import type { Arriving, EndedUpload } from "./feed.ts";

/** A name as it can be shown: whatever it holds, it moves no cursor and turns no text around. */
export function safe(text: string, longest?: number): string {
  return printable(text.toWellFormed(), longest);
}

/** Bytes in the units of rates, which do not jump between 10 and 2. */
export function amount(bytes: number): string {
  return formatRate(bytes).replace(/\/s$/, "");
}

export function time(seconds: number): string {
  if (seconds < 0.0995) return `${Math.ceil(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  if (seconds < 5970) return `${Math.round(seconds / 60)} min`;
  return seconds < 360_000 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}

/** A share, rounded down: 100 % is all of it. */
export function percent(part: number, whole: number): string {
  return `${whole > 0 ? Math.min(100, Math.floor((part / whole) * 100)) : 100} %`;
}

/** How far it is, how fast, and why no faster: what matters most comes first, for where there is little room. */
export function pace(upload: Arriving, rate: number): string {
  const { received, saved, size, bottleneck, state } = upload;
  const done = size === undefined ? [] : [percent(saved, size)];
  if (state === "waiting") return [...done, "waits"].join(" · ");
  if (state === "saving") return [...done, formatRate(rate), "all arrived, being saved"].join(" · ");
  const left = size !== undefined && rate > 0 ? [`${time((size - received) / rate)} left`] : [];
  return [...done, formatRate(rate), `limit: ${bottleneck}`, ...left].join(" · ");
}

/** What of it is where. */
export function amounts({ received, saved, size, state }: Arriving): string {
  const of = size === undefined ? "" : ` of ${amount(size)}`;
  if (state === "waiting") return `${amount(saved)} saved${of}`;
  return `${amount(received)} received, ${amount(saved)} saved${of}`;
}

/** How it ended. */
export function ending({ outcome, size, flow, error }: EndedUpload): string {
  if (outcome === "failed") return `failed after ${amount(size)}: ${safe(error?.detail ?? "", 300)}`;
  if (outcome === "forgotten") return `forgotten with ${amount(size)}: cancelled, or nobody went on with it`;
  const rate = size > 0 ? ` at ${formatRate(flow.bytesPerSecond)}` : "";
  return `saved ${amount(size)} in ${time(flow.seconds)}${rate} · ${safe(flow.explanation)}`;
}
