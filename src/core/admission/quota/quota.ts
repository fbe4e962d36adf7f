// One quota: the bytes that the files below a folder may have together, those that they have, and those that are reserved.

import { formatSize } from "../../../config/values.ts";
import { Problem } from "../../../errors.ts";
import type { FolderPath } from "../../../path.ts";
import { formatBytes } from "../../../units.ts";
import type { Tally } from "./tally.ts";

/** The bytes that everything below a folder may have. */
export interface QuotaRule {
  path: FolderPath;
  bytes: number;
}

/** A quota as clients see it. */
export interface QuotaReport {
  /** Path of the folder it belongs to; empty for the root. */
  folder: FolderPath;
  /** Bytes that the files below the folder may have together. */
  bytes: number;
  /** Bytes that they have. */
  used: number;
  /** Bytes reserved by unfinished uploads and copies. */
  reserved: number;
  /** False until the folder has been measured: `used` is what has been counted so far. */
  measured: boolean;
}

export class Quota {
  /** Bytes reserved by all claims together. */
  reserved = 0;
  /** False when the folder must be measured before `used` can be relied on. */
  measured = false;
  /** When it was measured, in milliseconds of `performance.now()`. */
  measuredAt = Number.NEGATIVE_INFINITY;
  /** The running measurement. */
  tally: Tally | undefined;
  #used = 0;

  constructor(
    readonly path: FolderPath,
    public bytes: number,
  ) {}

  /** Bytes of the files below the folder, as far as they are known. */
  get used(): number {
    return this.measured ? this.#used : Math.max(this.#used, this.tally?.bytes ?? 0);
  }

  /** Bytes that can still be reserved; negative when more is used than allowed. */
  get rest(): number {
    return this.bytes - this.used - this.reserved;
  }

  /** Counts bytes that were added to the folder, or removed if negative. @returns false when more was removed than was known */
  add(bytes: number): boolean {
    const used = this.#used + bytes;
    this.#used = Math.max(0, used);
    return used >= 0;
  }

  /** Takes over the result of a measurement. */
  setMeasured(used: number): void {
    this.#used = used;
    this.measured = true;
    this.measuredAt = performance.now();
  }

  /** Goes on with what is known, because the folder cannot be measured now. */
  keepKnown(): void {
    this.#used = this.used;
    this.measured = true;
    this.measuredAt = Number.NEGATIVE_INFINITY;
  }

  report(): QuotaReport {
    const { path: folder, bytes, used, reserved, measured } = this;
    return { folder, bytes, used, reserved, measured };
  }
}

/** The quota with the fewest bytes left, undefined when there is none. */
export function tightest(quotas: readonly Quota[]): Quota | undefined {
  return quotas.reduce<Quota | undefined>(
    (least, quota) => (least === undefined || quota.rest < least.rest ? quota : least),
    undefined,
  );
}

/** Creates the problem of a file or folder that a quota has no room for. @param needed its bytes, `undefined` when unknown */
export function quotaExceeded({ path, bytes, used, reserved }: Quota, needed: number | undefined): Problem {
  const folder = path === "" ? "The whole storage" : `The folder \`${path}\``;
  const waiting =
    reserved > 0 ? ` and ${formatBytes(reserved)} reserved by unfinished uploads and copies` : "";
  const wanted = needed === undefined ? "More" : formatBytes(needed);
  return new Problem(
    "quota_exceeded",
    `${folder} has a quota of ${formatSize(bytes)}, of which ${formatBytes(used)} are used${waiting}. ${wanted} does not fit: delete files in it, or ask for a larger quota.`,
  );
}
