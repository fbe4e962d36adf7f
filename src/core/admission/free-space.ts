// Limits the size of a file, and keeps space on the disk free by reserving the bytes that uploads announce.

import { formatSize } from "../../config/values.ts";
import { Problem } from "../../errors.ts";
import type { Storage } from "../../storage/storage.ts";
import { formatBytes } from "../../units.ts";

/** Milliseconds between two measurements. In between, received bytes are subtracted from the last one. */
const MEASURE_INTERVAL = 1000;

/** Creates the problem of a file that is larger than --max-file-size. */
export function tooLarge(limit: number): Problem {
  return new Problem(
    "file_too_large",
    `The file is larger than ${formatSize(limit)}, the maximum set by --max-file-size.`,
  );
}

/** Keeps `--keep-free` bytes free. Bytes that running uploads have announced but not yet sent count as used. */
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
    if (!fits() || performance.now() - this.#measuredAt >= MEASURE_INTERVAL) await this.#measure();
    if (!fits()) throw this.#full(size);
    this.#reserved += size ?? 0;
    return new SpaceReservation(this, size ?? 0);
  }

  /** @internal subtracts received bytes, `reserved` of which had been announced */
  consume(bytes: number, reserved: number): Promise<void> | undefined {
    this.#free -= bytes;
    this.#reserved -= reserved;
    const tooLow = this.#free - (reserved < bytes ? this.#reserved : 0) < this.keepFree;
    if (!tooLow && performance.now() - this.#measuredAt < MEASURE_INTERVAL) return undefined;
    return this.#recheck(reserved < bytes);
  }

  /** @internal releases bytes that were announced but never sent */
  release(reserved: number): void {
    this.#reserved -= reserved;
  }

  /**
   * Measures again. Unannounced bytes must not use space that other uploads have reserved.
   * @throws Problem storage_full
   */
  async #recheck(unannounced: boolean): Promise<void> {
    await this.#measure();
    if (this.#free - (unannounced ? this.#reserved : 0) < this.keepFree) throw this.#full(undefined);
  }

  async #measure(): Promise<void> {
    this.#measuredAt = performance.now();
    this.#free = (await this.storage.space()).free;
  }

  #full(size: number | undefined): Problem {
    const needed = size === undefined ? "more data" : formatBytes(size);
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

  /** Releases the bytes that were reserved but not consumed. Calling it again has no effect. */
  release(): void {
    this.space.release(this.reserved);
    this.reserved = 0;
  }
}
