// Reports where the time of an upload went, with one sentence that names the bottleneck.

import { addWork, NO_WORK, type StorageWork } from "../../storage/device.ts";
import { formatBytes, formatRate, formatTime } from "../../units.ts";

/** Seconds an upload spent waiting for each part of the system. `other` is the remainder: this server's processor. */
export interface Waits {
  network: number;
  disk: number;
  sync: number;
  hash: number;
  /** Only of an upload that a cap made wait. */
  cap?: number;
  other: number;
}

const WAITS = ["network", "disk", "sync", "hash", "cap", "other"] as const satisfies readonly (keyof Waits)[];

/** The part of the system that limited an upload. */
export const BOTTLENECKS = ["network", "disk", "sync", "hash", "cap", "processor"] as const;
export type Bottleneck = (typeof BOTTLENECKS)[number];

/** The report of one upload, as clients see it. Times in seconds; the waits add up to `seconds`. */
export interface FlowReport {
  bytes: number;
  seconds: number;
  bytesPerSecond: number;
  waits: Waits;
  bottleneck: Bottleneck;
  explanation: string;
}

/** The time that an upload waited because of caps. */
export interface CapWait {
  seconds: number;
  /** The cap that made it wait most: `cap of this link (5 MB/s)`. */
  name: string;
}

/** The measurements of one upload; times in seconds. */
export interface Timings {
  bytes: number;
  seconds: number;
  /** Waiting for the client, excluding delay caused by this process. */
  network: number;
  hash: number;
  work: StorageWork;
  /** Absent when no cap made the upload wait. */
  cap?: CapWait;
}

/** The measurements before the first byte. */
export const NO_TIMINGS: Timings = {
  bytes: 0,
  seconds: 0,
  network: 0,
  hash: 0,
  work: NO_WORK,
};

/** Adds the measurements of two consecutive requests to one upload. */
export function addTimings(one: Timings, other: Timings): Timings {
  return {
    bytes: one.bytes + other.bytes,
    seconds: one.seconds + other.seconds,
    network: one.network + other.network,
    hash: one.hash + other.hash,
    work: addWork(one.work, other.work),
    ...withCap(addCapWaits(one.cap, other.cap)),
  };
}

function addCapWaits(one: CapWait | undefined, other: CapWait | undefined): CapWait | undefined {
  if (!one || !other) return one ?? other;
  const { name } = one.seconds >= other.seconds ? one : other;
  return { seconds: one.seconds + other.seconds, name };
}

/** The member of `Timings`, where a cap made the upload wait. */
export function withCap(cap: CapWait | undefined): { cap?: CapWait } {
  return cap && cap.seconds > 0 ? { cap } : {};
}

/** Multiplies all times by a factor. */
export function scaleTimings({ bytes, seconds, network, hash, work, cap }: Timings, factor: number): Timings {
  return {
    bytes,
    seconds: seconds * factor,
    network: network * factor,
    hash: hash * factor,
    work: addWork(NO_WORK, work, factor),
    ...withCap(cap && { ...cap, seconds: cap.seconds * factor }),
  };
}

const round = (seconds: number): number => Math.round(seconds * 1e6) / 1e6;

/**
 * Builds the report.
 * @param size bytes of the file; more than `measured.bytes` when measurements were lost because the server was killed
 */
export function buildFlowReport(measured: Timings, size = measured.bytes): FlowReport {
  const { bytes, seconds, network, hash, work, cap } = measured;
  const waited = { network, disk: work.diskWaited, sync: work.syncWaited, hash, cap: cap?.seconds ?? 0 };
  const sum = Object.values(waited).reduce((total, part) => total + part, 0);
  // The clocks are not read at the same instant, so the parts can add up to slightly more than the total.
  const scale = sum > seconds && sum > 0 ? seconds / sum : 1;
  const waits: Waits = {
    network: round(waited.network * scale),
    disk: round(waited.disk * scale),
    sync: round(waited.sync * scale),
    hash: round(waited.hash * scale),
    ...(cap && { cap: round(waited.cap * scale) }),
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

/** The part with the longest wait. */
export function bottleneckOf(waits: Waits): Bottleneck {
  const names: [Bottleneck, number][] = [
    ["network", waits.network],
    ["disk", waits.disk],
    ["sync", waits.sync],
    ["hash", waits.hash],
    ["cap", waits.cap ?? 0],
    ["processor", waits.other],
  ];
  return names.reduce((longest, part) => (part[1] > longest[1] ? part : longest))[0];
}

const SUBJECT: Record<Bottleneck, string> = {
  network: "The network was the limit",
  disk: "The disk was the limit",
  sync: "Syncing to the disk was the limit",
  hash: "Checking the digest was the limit",
  cap: "The cap was the limit",
  processor: "This server's processor was the limit",
};

/** Bytes and seconds below which the measured times are mostly chance, and no bottleneck is named. */
const TELLING_BYTES = 1e6;
const TELLING_SECONDS = 0.1;

/** Whether an upload was large and long enough for its bottleneck to be meaningful. */
export function isTelling({ bytes, seconds }: Pick<FlowReport, "bytes" | "seconds">): boolean {
  return bytes >= TELLING_BYTES && seconds >= TELLING_SECONDS;
}

/** The explanation of an upload that was small or quick. */
export function savedIn({ seconds }: Pick<FlowReport, "seconds">): string {
  return `Saved in ${formatTime(seconds)}.`;
}

function explain(measured: Timings, waits: Waits, bottleneck: Bottleneck, size: number): string {
  if (measured.bytes >= size && !isTelling(measured)) return savedIn(measured);
  if (measured.bytes === 0)
    return `Nothing is known of its ${formatBytes(size)}: they arrived before the server was restarted.`;
  const limit = explainLimit(measured, waits, bottleneck);
  if (measured.bytes >= size) return limit;
  return `${limit} This tells of ${formatBytes(measured.bytes)} of ${formatBytes(size)}: what was measured of the rest is lost, since the server was killed.`;
}

function explainLimit(measured: Timings, waits: Waits, bottleneck: Bottleneck): string {
  const { bytes, seconds, work } = measured;
  const fraction =
    seconds > 0 ? (waits[bottleneck === "processor" ? "other" : bottleneck] ?? 0) / seconds : 0;
  const subject =
    measured.cap && bottleneck === "cap" ? `The ${measured.cap.name} was the limit` : SUBJECT[bottleneck];
  const limit =
    fraction >= 0.5
      ? subject
      : `No single part was the limit; ${subject.replace(" was the limit", "").replace(/^./, (c) => c.toLowerCase())} came closest`;
  const percent = `${Math.round(fraction * 100)} %`;
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
    case "cap":
      return fraction >= 0.5
        ? `${limit}.${network}${disk}`
        : `${limit}: ${percent} of the time was spent waiting because of it.${network}${disk}`;
    case "processor":
      return `${limit}: ${percent} of the time it was busy, at ${rate}.${network}${disk}`;
  }
}

function networkRate(bytes: number, seconds: number, waited: number): string {
  // When less than 1 % of the time was spent waiting, the quotient would be meaningless.
  if (waited < seconds / 100) return " The network was faster: data was always there.";
  return ` The network brought it at ${formatRate(bytes / waited)} while it was waited for.`;
}

/**
 * The value of a `Server-Timing` header: milliseconds per part, for the network panel of browsers. The reports of several
 * files of one request are summed.
 */
export function serverTiming(...flows: readonly FlowReport[]): string {
  const sum = (of: (flow: FlowReport) => number): string =>
    (flows.reduce((total, flow) => total + of(flow), 0) * 1000).toFixed(1);
  const known = WAITS.filter((name) =>
    flows.length === 0 ? name !== "cap" : flows.some(({ waits }) => waits[name] !== undefined),
  );
  const parts = known.map((name) => `${name};dur=${sum(({ waits }) => waits[name] ?? 0)}`);
  return [...parts, `total;dur=${sum(({ seconds }) => seconds)}`].join(", ");
}
