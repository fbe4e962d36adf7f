// The places of uploads that wait for their next request: how many there are, and who has to leave when they are taken.

import { Problem } from "../../errors.ts";
import type { UploadSession } from "./session.ts";
import { weightOf } from "./state/creation.ts";

/** Characters of names, metadata and lists of parts that are kept in memory, for all uploads together. */
const MAX_WEIGHT = 16 * 1024 * 1024;
/** Milliseconds after which an upload without a byte may have to leave. */
const EMPTY_AGE = 30_000;
/** Seconds a refused client is asked to wait. */
const RETRY_AFTER = 60;

export class WaitingPlaces {
  /** All uploads with their weight, oldest first. */
  readonly #weights = new Map<UploadSession, number>();
  /** Without bytes of their own, oldest first. */
  readonly settled = new Set<UploadSession>();
  /** Saved or deleted by the request that creates them. */
  readonly #oneShots = new Set<UploadSession>();
  #weight = 0;

  /** @param limit set by --max-waiting */
  constructor(readonly limit: number) {}

  /** Uploads that wait. */
  get taken(): number {
    return this.#weights.size - this.settled.size - this.#oneShots.size;
  }

  add(upload: UploadSession, oneShot = false): void {
    const weight = weightOf(upload.record);
    this.#weights.set(upload, weight);
    this.#weight += weight;
    if (oneShot) this.#oneShots.add(upload);
  }

  /** @returns how many are remembered now */
  settle(upload: UploadSession): number {
    this.#oneShots.delete(upload);
    return this.settled.add(upload).size;
  }

  delete(upload: UploadSession): void {
    this.#weight -= this.#weights.get(upload) ?? 0;
    this.#weights.delete(upload);
    this.settled.delete(upload);
    this.#oneShots.delete(upload);
  }

  /**
   * The upload that has to leave before a new one can be added: one that is saved, or the oldest without a byte.
   * @param isEmpty whether no byte was received for an upload
   * @returns undefined when there is a place
   * @throws Problem too_many_waiting when nobody has to leave
   */
  leaving(isEmpty: (upload: UploadSession) => boolean): UploadSession | undefined {
    const heavy = this.#weight >= MAX_WEIGHT;
    if (!heavy && this.taken < this.limit) return undefined;
    const saved = heavy ? [...this.settled].find(({ lock }) => !lock.busy) : undefined;
    const leaving = saved ?? this.#oldestEmpty(isEmpty);
    if (leaving) return leaving;
    throw new Problem(
      "too_many_waiting",
      heavy
        ? "The unfinished uploads have too much metadata. Try again later, or concatenate fewer parts."
        : `${this.limit} uploads are unfinished, the maximum set by --max-waiting. Try again later.`,
      { headers: { "retry-after": `${RETRY_AFTER}` } },
    );
  }

  #oldestEmpty(isEmpty: (upload: UploadSession) => boolean): UploadSession | undefined {
    const before = Date.now() - EMPTY_AGE;
    for (const upload of this.#weights.keys()) {
      const { lock, record, length, settled } = upload;
      if (length === 0 && !settled && !lock.busy && record.created <= before && isEmpty(upload))
        return upload;
    }
    return undefined;
  }
}
