// Formats uploads as text: amounts, times, and names with control characters removed.

import { formatRate } from "../core/report/flow-report.ts";
import { printable } from "../plugins/log.ts";
import type { ActiveUpload, EndedUpload } from "./feed.ts";

/** A name that is safe to print: it cannot move the cursor or change the direction of text. */
export function safe(text: string, longest?: number): string {
  return printable(text.toWellFormed(), longest);
}

/** Bytes in the units used for rates. */
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
  const left = size !== undefined && rate > 0 ? [`${time((size - received) / rate)} left`] : [];
  return [...done, formatRate(rate), `limit: ${bottleneck}`, ...left].join(" · ");
}

/** How many bytes are received and saved. */
export function amounts({ received, saved, size, state }: ActiveUpload): string {
  const of = size === undefined ? "" : ` of ${amount(size)}`;
  if (state === "waiting") return `${amount(saved)} saved${of}`;
  return `${amount(received)} received, ${amount(saved)} saved${of}`;
}

/** The outcome of a finished upload. */
export function ending({ outcome, size, flow, error }: EndedUpload): string {
  if (outcome === "failed") return `failed after ${amount(size)}: ${safe(error?.detail ?? "", 300)}`;
  if (outcome === "forgotten") return `removed at ${amount(size)}: cancelled or expired`;
  const rate = size > 0 ? ` at ${formatRate(flow.bytesPerSecond)}` : "";
  return `saved ${amount(size)} in ${time(flow.seconds)}${rate} · ${safe(flow.explanation)}`;
}
