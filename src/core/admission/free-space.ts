// Limits the size of a file, and keeps free space on the disk whatever running uploads have announced.

import { formatSize } from "../../config/config.ts";
import { Problem } from "../../errors.ts";
import type { Storage } from "../../storage/storage.ts";

/** Milliseconds a measurement is used for. In between, received bytes are subtracted from it. */
const MEASURE_AFTER = 1000;

/** The problem of a file that is larger than --max-file-size. */
export function tooLarge(limit: number): Problem {
  return new Problem(
    "file_too_large",
    `The file is larger than ${formatSize(limit)}, the maximum set by --max-file-size.`,
  );
}

/** Keeps `--keep-free` bytes free, counting the bytes that running uploads have announced but not yet sent. */
export class FreeSpace {
  #free = Number.POSITIVE_INFINITY;
  #measuredAt = Number.NEGATIVE_INFINITY;
  /** Bytes announced by all running uploads and not yet received. */
  #reserved = 0;

  constructor(
    readonly storage: Storage,
    readonly keepFree: number,
  ) {}

  /**
   * Reserves `size` bytes of free space; the caller must release the reservation.
   * @param size the announced length, `undefined` when unknown
   * @throws Problem storage_full
   */
  async reserve(size: number | undefined): Promise<SpaceReservation> {
    const fits = () => this.#free - this.#reserved - (size ?? 0) >= this.keepFree;
    if (!fits() || performance.now() - this.#measuredAt >= MEASURE_AFTER) await this.#measure();
    if (!fits()) throw this.#full(size);
    this.#reserved += size ?? 0;
    return new SpaceReservation(this, size ?? 0);
  }

  /** @internal subtracts received bytes, `reserved` of which had been announced */
  consume(bytes: number, reserved: number): Promise<void> | undefined {
    this.#free -= bytes;
    this.#reserved -= reserved;
    const low = this.#free - (reserved < bytes ? this.#reserved : 0) < this.keepFree;
    if (!low && performance.now() - this.#measuredAt < MEASURE_AFTER) return undefined;
    return this.#measureAgain(reserved < bytes);
  }

  /** @internal gives back bytes that were announced and never sent */
  release(reserved: number): void {
    this.#reserved -= reserved;
  }

  /** Unannounced bytes must not use up the space that other uploads have reserved. */
  async #measureAgain(unannounced: boolean): Promise<void> {
    await this.#measure();
    if (this.#free - (unannounced ? this.#reserved : 0) < this.keepFree) throw this.#full(undefined);
  }

  async #measure(): Promise<void> {
    this.#measuredAt = performance.now();
    this.#free = (await this.storage.space()).free;
  }

  #full(size: number | undefined): Problem {
    const needed = size === undefined ? "more data" : formatSize(size);
    return new Problem(
      "storage_full",
      `There is not enough disk space for ${needed}: the server keeps ${formatSize(this.keepFree)} free (--keep-free).`,
    );
  }
}

/** The free space that one upload has reserved. */
export class SpaceReservation {
  constructor(
    readonly space: FreeSpace,
    private reserved: number,
  ) {}

  /**
   * Counts received bytes against the reservation.
   * @returns a promise to await when the space must be measured again; it rejects with storage_full
   */
  consume(bytes: number): Promise<void> | undefined {
    const reserved = Math.min(bytes, this.reserved);
    this.reserved -= reserved;
    return this.space.consume(bytes, reserved);
  }

  /** Gives back what was reserved and not used. Calling it again has no effect. */
  release(): void {
    this.space.release(this.reserved);
    this.reserved = 0;
  }
}
