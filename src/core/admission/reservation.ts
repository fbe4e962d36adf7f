// The space on the disk, and the bytes in the quotas above its path, that one upload or copy has reserved.

import type { FilePath } from "../../path.ts";
import type { Entry, Moved } from "../../storage/entry.ts";
import type { SpaceReservation } from "./free-space.ts";
import { countArrival } from "./quota/changes.ts";
import type { Claim } from "./quota/claim.ts";
import type { Quotas } from "./quota/quotas.ts";

export class Reservation {
  /** Bytes that have arrived. */
  #length: number;

  /** @param resumed the bytes of a resumable upload that arrived earlier; its session keeps the claim for later requests */
  constructor(
    readonly quotas: Quotas,
    readonly space: SpaceReservation,
    readonly claim: Claim,
    readonly resumed?: { length: number },
  ) {
    this.#length = resumed?.length ?? 0;
  }

  /**
   * Counts received bytes.
   * @returns a promise to await when the space must be measured again; it rejects with storage_full
   * @throws Problem quota_exceeded
   */
  consume(bytes: number): Promise<void> | undefined {
    this.#length += bytes;
    this.claim.take(this.#length);
    return this.space.consume(bytes);
  }

  /** Runs the step that gives a file or folder of this size its name, and counts it as used. @throws Problem quota_exceeded */
  publish<M extends Moved>(
    entry: { to: FilePath; kind: Entry["kind"]; size: number; replace: boolean },
    step: () => Promise<M>,
  ): Promise<M> {
    // Without a quota there is nothing to count: each small upload is spared the wrapper.
    return this.quotas.none ? step() : countArrival(this.quotas, this.claim, entry, step);
  }

  /** Gives back what was not used. Calling it again has no effect. */
  release(): void {
    this.space.release();
    if (!this.resumed) this.claim.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
