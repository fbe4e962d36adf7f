// The bytes that one upload, copy or move has reserved in the quotas above its path, until they are used or given back.

import type { FilePath } from "../../../path.ts";
import { type Quota, quotaExceeded, tightest } from "./quota.ts";

/** Bytes that an upload of unknown length reserves at a time. */
const STEP = 64 * 1024 * 1024;
/** Bytes of the smallest step. */
const MIN_STEP = 64 * 1024;
/** A step takes at most what is left divided by this, so that small files can go on being uploaded when little is left. */
const STEP_DIVISOR = 4;

/** The file or folder that is to be stored. */
export interface Wanted {
  path: FilePath;
  /** @default "file" */
  kind?: "file" | "folder" | undefined;
  /** Its bytes, `undefined` when unknown. */
  size: number | undefined;
  /** Bytes that have arrived already. @default 0 */
  arrived?: number;
  /** Bytes of the file that it replaces, which are given back when it is published. @default 0 */
  replaced?: number;
  /** Where it is moved from: quotas that count it already are not asked. */
  from?: FilePath | undefined;
  /** Claims that this one takes over. */
  instead?: readonly Claim[];
}

export class Claim {
  #held = 0;
  /** Bytes that may arrive before more must be reserved. */
  #allowed: number;
  /** Bytes that have arrived. */
  #length: number;
  #quotas: readonly Quota[];

  /**
   * Reserves the bytes, whether they fit or not; call `assertFits` before.
   * @param released called with the claim, each time it is released
   */
  constructor(
    readonly wanted: Wanted,
    quotas: readonly Quota[],
    readonly released: (claim: Claim) => void,
  ) {
    for (const claim of wanted.instead ?? []) claim.release();
    this.#quotas = quotas;
    const { size, arrived = 0, replaced = 0 } = wanted;
    this.#length = arrived;
    const unknown = quotas.length === 0 ? Number.POSITIVE_INFINITY : Math.max(arrived, replaced);
    this.#allowed = size ?? unknown + stepOf(tightest(quotas)?.rest ?? 0);
    this.#hold(this.#needed(this.#allowed));
  }

  /** A claim of nothing, until there is a real one. */
  static none(path: FilePath): Claim {
    return new Claim({ path, size: undefined }, [], () => {});
  }

  /** Bytes reserved in this quota. */
  heldIn(quota: Quota): number {
    return this.#quotas.includes(quota) ? this.#held : 0;
  }

  /** Counts the bytes that have arrived so far, and reserves more if need be. @throws Problem quota_exceeded */
  take(length: number): void {
    this.#length = length;
    if (length > this.#allowed) this.#grow(length);
  }

  /**
   * Reserves exactly what the file needs, now that its size is known.
   * @param replaced bytes of the file that it replaces
   * @throws Problem quota_exceeded
   */
  cover(size: number, replaced = this.wanted.replaced ?? 0): void {
    const needed = Math.max(0, size - replaced);
    const exceeded = this.#quotas.find((quota) => needed - this.#held > Math.max(0, quota.rest));
    if (exceeded) throw quotaExceeded(exceeded, size);
    this.#allowed = size;
    this.#hold(needed);
  }

  /** Reserves the same bytes in other quotas, whether they fit or not. */
  moveTo(quotas: readonly Quota[]): void {
    const unlimited = this.#allowed === Number.POSITIVE_INFINITY;
    this.#hold(0);
    this.#quotas = quotas;
    if (unlimited && quotas.length > 0) this.#allowed = this.#length;
    this.#hold(this.#needed(this.#allowed));
  }

  /** Gives everything back. Calling it again has no effect. */
  release(): void {
    this.#hold(0);
    this.#quotas = [];
    this.#allowed = Number.POSITIVE_INFINITY;
    this.released(this);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  #grow(length: number): void {
    const least = tightest(this.#quotas);
    if (!least) {
      this.#allowed = Number.POSITIVE_INFINITY;
      return;
    }
    if (this.#needed(length) - this.#held > least.rest) throw quotaExceeded(least, this.wanted.size);
    this.#allowed = length;
    this.#hold(this.#needed(length));
    this.#allowed += stepOf(least.rest);
    this.#hold(this.#needed(this.#allowed));
  }

  #needed(bytes: number): number {
    return this.#quotas.length === 0 ? 0 : Math.max(0, bytes - (this.wanted.replaced ?? 0));
  }

  #hold(bytes: number): void {
    for (const quota of this.#quotas) quota.reserved += bytes - this.#held;
    this.#held = bytes;
  }
}

/** @throws Problem quota_exceeded when one of the quotas has no room for what is wanted */
export function assertFits(quotas: readonly Quota[], { size, replaced = 0, instead = [] }: Wanted): void {
  // Of an unknown length at least one byte must fit.
  const needed = (size ?? replaced + 1) - replaced;
  if (needed <= 0) return;
  for (const quota of quotas) {
    const takenOver = instead.reduce((sum, claim) => sum + claim.heldIn(quota), 0);
    if (needed > quota.rest + takenOver) throw quotaExceeded(quota, size);
  }
}

/** @param rest bytes that are left */
function stepOf(rest: number): number {
  return Math.max(0, Math.min(rest, Math.max(MIN_STEP, Math.min(STEP, Math.floor(rest / STEP_DIVISOR)))));
}
