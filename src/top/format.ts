// Formats uploads as text: amounts, times, and names with control characters removed.

import { savedIn } from "../core/report/flow-report.ts";
import { printable } from "../plugins/log.ts";
import { formatBytes, formatRate, formatTime } from "../units.ts";
import type { ActiveUpload, EndedUpload } from "./feed.ts";

/** A name that is safe to print: it cannot move the cursor or change the direction of text. */
export function safe(text: string, longest?: number): string {
  return printable(text.toWellFormed(), longest);
}

/** A percentage, rounded down, so that 100 % means complete. */
export function percent(part: number, whole: number): string {
  return `${whole > 0 ? Math.min(100, Math.floor((part / whole) * 100)) : 100} %`;
}

/** Progress, rate and bottleneck, the most important first, because narrow terminals cut the rest. */
export function pace(upload: ActiveUpload, rate: number): string {
  const { received, saved, size, bottleneck, state } = upload;
  const done = size === undefined ? [] : [percent(saved, size)];
  if (state === "waiting") return [...done, "waits"].join(" · ");
  if (state === "saving") return [...done, formatRate(rate), "all arrived, being saved"].join(" · ");
  const left = size !== undefined && rate > 0 ? [`${formatTime((size - received) / rate)} left`] : [];
  return [...done, formatRate(rate), `limit: ${bottleneck}`, ...left].join(" · ");
}

/** How many bytes are received and saved. */
export function amounts({ received, saved, size, state }: ActiveUpload): string {
  const of = size === undefined ? "" : ` of ${formatBytes(size)}`;
  if (state === "waiting") return `${formatBytes(saved)} saved${of}`;
  return `${formatBytes(received)} received, ${formatBytes(saved)} saved${of}`;
}

/** The outcome of a finished upload. */
export function ending({ outcome, size, flow, error }: EndedUpload): string {
  if (outcome === "failed") return `failed after ${formatBytes(size)}: ${safe(error?.detail ?? "", 300)}`;
  if (outcome === "forgotten") return `removed at ${formatBytes(size)}: cancelled or expired`;
  const rate = size > 0 ? ` at ${formatRate(flow.bytesPerSecond)}` : "";
  const why = flow.explanation === savedIn(flow) ? "" : ` · ${safe(flow.explanation)}`;
  return `saved ${formatBytes(size)} in ${formatTime(flow.seconds)}${rate}${why}`;
}
