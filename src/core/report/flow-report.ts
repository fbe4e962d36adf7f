// Where the time of an upload went, and one true sentence about it.

import { formatSize } from "../../config/config.ts";
import type { StorageWork } from "../../storage/storage.ts";
import { addWork, NO_WORK } from "../../storage/work.ts";

/** The parts of the way that can make an upload wait. `other` is what is left: this server's processor. */
export interface Waits {
  network: number;
  disk: number;
  sync: number;
  hash: number;
  other: number;
}

const WAITS = ["network", "disk", "sync", "hash", "other"] as const satisfies readonly (keyof Waits)[];

/** What can be the limit. */
export type Bottleneck = "network" | "disk" | "sync" | "hash" | "processor";

/** The report at the end of every upload. Times in seconds; the waits add up to `seconds`. */
export interface FlowReport {
  bytes: number;
  seconds: number;
  bytesPerSecond: number;
  waits: Waits;
  bottleneck: Bottleneck;
  explanation: string;
}

/** What was measured. */
export interface Timings {
  bytes: number;
  seconds: number;
  /** Waiting for the client, the processor time this took already taken off. */
  network: number;
  hash: number;
  work: StorageWork;
}

/** What is known of an upload before its first byte. */
export const NO_TIMINGS: Timings = {
  bytes: 0,
  seconds: 0,
  network: 0,
  hash: 0,
  work: NO_WORK,
};

/** Two measurements of one upload, made one after the other. */
export function addTimings(one: Timings, other: Timings): Timings {
  return {
    bytes: one.bytes + other.bytes,
    seconds: one.seconds + other.seconds,
    network: one.network + other.network,
    hash: one.hash + other.hash,
    work: addWork(one.work, other.work),
  };
}

/** A measurement whose times are all longer, or shorter, by a factor. */
export function scaleTimings({ bytes, seconds, network, hash, work }: Timings, factor: number): Timings {
  return {
    bytes,
    seconds: seconds * factor,
    network: network * factor,
    hash: hash * factor,
    work: addWork(NO_WORK, work, factor),
  };
}

const round = (seconds: number): number => Math.round(seconds * 1e6) / 1e6;

/**
 * Makes the report.
 * @param size bytes of the whole; more than were measured when the server was killed in between
 */
export function buildFlowReport(measured: Timings, size = measured.bytes): FlowReport {
  const { bytes, seconds, network, hash, work } = measured;
  const known = { network, disk: work.diskWaited, sync: work.syncWaited, hash };
  const sum = Object.values(known).reduce((total, part) => total + part, 0);
  // Clocks read one after another can add up to a hair more than the whole.
  const scale = sum > seconds && sum > 0 ? seconds / sum : 1;
  const waits: Waits = {
    network: round(known.network * scale),
    disk: round(known.disk * scale),
    sync: round(known.sync * scale),
    hash: round(known.hash * scale),
    other: round(Math.max(0, seconds - sum)),
  };
  const bottleneck = bottleneckOf(waits);
  return {
    bytes,
    seconds: round(seconds),
    bytesPerSecond: seconds > 0 ? Math.round(bytes / seconds) : 0,
    waits,
    bottleneck,
    explanation: explain(measured, waits, bottleneck, size),
  };
}

/** The part that took the most. */
export function bottleneckOf(waits: Waits): Bottleneck {
  const names: [Bottleneck, number][] = [
    ["network", waits.network],
    ["disk", waits.disk],
    ["sync", waits.sync],
    ["hash", waits.hash],
    ["processor", waits.other],
  ];
  return names.reduce((most, part) => (part[1] > most[1] ? part : most))[0];
}

const SUBJECT: Record<Bottleneck, string> = {
  network: "The network was the limit",
  disk: "The disk was the limit",
  sync: "Syncing to the disk was the limit",
  hash: "Checking the digest was the limit",
  processor: "This server's processor was the limit",
};

function explain(measured: Timings, waits: Waits, bottleneck: Bottleneck, size: number): string {
  if (size === 0) return "The file is empty: there was nothing to wait for.";
  if (measured.bytes === 0)
    return `Nothing is known of its ${formatSize(size)}: they arrived before the server was restarted.`;
  const limit = explainLimit(measured, waits, bottleneck);
  if (measured.bytes >= size) return limit;
  return `${limit} This tells of ${formatSize(measured.bytes)} of ${formatSize(size)}: what was measured of the rest is lost, since the server was killed.`;
}

function explainLimit(measured: Timings, waits: Waits, bottleneck: Bottleneck): string {
  const { bytes, seconds, work } = measured;
  const share = seconds > 0 ? waits[bottleneck === "processor" ? "other" : bottleneck] / seconds : 0;
  const limit =
    share >= 0.5
      ? SUBJECT[bottleneck]
      : `No single part was the limit; ${SUBJECT[bottleneck].replace(" was the limit", "").replace(/^./, (c) => c.toLowerCase())} came closest`;
  const percent = `${Math.round(share * 100)} %`;
  const rate = formatRate(bytes / seconds);
  const busy = work.diskBusy + work.syncBusy;
  const disk = busy > 0 ? ` The disk took it at ${formatRate(bytes / busy)}.` : "";
  const network = networkRate(bytes, seconds, waits.network);
  switch (bottleneck) {
    case "network":
      return `${limit}: ${percent} of the time was spent waiting for data at ${rate}.${disk}`;
    case "disk":
      return `${limit}: ${percent} of the time was spent waiting for it to take data at ${rate}.${network}`;
    case "sync":
      return `${limit}: ${percent} of the time was spent waiting until the bytes were safe, at ${rate}.${network}`;
    case "hash":
      return `${limit}: ${percent} of the time went into it, at ${rate}.${network}${disk}`;
    case "processor":
      return `${limit}: ${percent} of the time it was busy, at ${rate}.${network}${disk}`;
  }
}

function networkRate(bytes: number, seconds: number, waited: number): string {
  // Below a hundredth the quotient would be a fantasy figure: the data was simply there.
  if (waited < seconds / 100) return " The network was faster: data was always there.";
  return ` The network brought it at ${formatRate(bytes / waited)} while it was waited for.`;
}

/** Bytes per second for people, decimal units: `7.0 MB/s`. */
export function formatRate(bytesPerSecond: number): string {
  const units = ["B/s", "kB/s", "MB/s", "GB/s"];
  let value = Number.isFinite(bytesPerSecond) ? bytesPerSecond : 0;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 9.95 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/**
 * Reports as a `Server-Timing` header: milliseconds by part, for the browser's network panel. Those of several files of
 * one request are added up.
 */
export function serverTiming(...flows: readonly FlowReport[]): string {
  const sum = (of: (flow: FlowReport) => number): string =>
    (flows.reduce((total, flow) => total + of(flow), 0) * 1000).toFixed(1);
  const parts = WAITS.map((name) => `${name};dur=${sum(({ waits }) => waits[name])}`);
  return [...parts, `total;dur=${sum(({ seconds }) => seconds)}`].join(", ");
}
