// What bounds uploads before the disk does: how many at once, how large, and how much space stays free.

import { formatSize } from "../../config/config.ts";
import { Problem } from "../../errors.ts";
import type { Storage } from "../../storage/storage.ts";

/** Seconds a refused client is asked to wait. */
const RETRY_AFTER = 5;
/** Milliseconds after which the free space is measured again: before that, what arrived since is taken off. */
const MEASURE_AFTER = 1000;

/** Places for requests that upload. */
export class Slots {
  #taken = 0;
  /** Requests that are waited for and take no place. */
  #beside = 0;
  #waiting: (() => void)[] = [];
  constructor(readonly limit: number) {}

  get taken(): number {
    return this.#taken;
  }

  /**
   * Takes a place until the returned function is called (calling it twice does nothing more).
   * @throws Problem too_many_uploads
   */
  acquire(): () => void {
    if (this.#taken >= this.limit)
      throw new Problem(
        "too_many_uploads",
        `${this.limit} uploads are running, as many as --max-uploads allows. Try again soon.`,
        { headers: { "retry-after": String(RETRY_AFTER) } },
      );
    this.#taken += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#taken -= 1;
      this.#wake();
    };
  }

  /** Runs a step that `idle` waits for, and that takes no upload's place. */
  async track<T>(step: () => Promise<T>): Promise<T> {
    this.#beside += 1;
    try {
      return await step();
    } finally {
      this.#beside -= 1;
      this.#wake();
    }
  }

  #wake(): void {
    if (this.#taken + this.#beside === 0) for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Resolves as soon as no place is taken, and nothing runs beside. */
  async idle(): Promise<void> {
    if (this.#taken + this.#beside > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

/** The problem of a file that is larger than allowed. */
export function tooLarge(limit: number): Problem {
  return new Problem("file_too_large", `Files may have at most ${formatSize(limit)} (--max-file-size).`);
}

/** Keeps `--keep-free` bytes free, counting what running uploads have announced and not yet sent. */
export class FreeSpace {
  #free = Number.POSITIVE_INFINITY;
  #measured = Number.NEGATIVE_INFINITY;
  #promised = 0;

  constructor(
    readonly storage: Storage,
    readonly keepFree: number,
  ) {}

  /**
   * Promises space to an upload.
   * @param size the announced length, `undefined` when unknown
   * @throws Problem storage_full
   */
  async reserve(size: number | undefined): Promise<SpaceReservation> {
    const fits = () => this.#free - this.#promised - (size ?? 0) >= this.keepFree;
    if (!fits() || performance.now() - this.#measured >= MEASURE_AFTER) await this.#measure();
    if (!fits()) throw this.#full(size);
    this.#promised += size ?? 0;
    return new SpaceReservation(this, size ?? 0);
  }

  /** @internal bytes arrived, of which `promised` had been announced */
  consume(bytes: number, promised: number): Promise<void> | undefined {
    this.#free -= bytes;
    this.#promised -= promised;
    const low = this.#free - (promised < bytes ? this.#promised : 0) < this.keepFree;
    if (!low && performance.now() - this.#measured < MEASURE_AFTER) return undefined;
    return this.#measureAgain(promised < bytes);
  }

  /** @internal what an upload had announced and never sent */
  release(promised: number): void {
    this.#promised -= promised;
  }

  async #measureAgain(unannounced: boolean): Promise<void> {
    await this.#measure();
    if (this.#free - (unannounced ? this.#promised : 0) < this.keepFree) throw this.#full(undefined);
  }

  async #measure(): Promise<void> {
    this.#measured = performance.now();
    this.#free = (await this.storage.space()).free;
  }

  #full(size: number | undefined): Problem {
    const keep = `the server keeps ${formatSize(this.keepFree)} free (--keep-free)`;
    const detail =
      size === undefined
        ? `There is no space left for more: ${keep}.`
        : `There is no space for ${formatSize(size)}: ${keep}.`;
    return new Problem("storage_full", detail);
  }
}

/** One upload's claim on the free space. */
export class SpaceReservation {
  constructor(
    readonly space: FreeSpace,
    private promised: number,
  ) {}

  /** Bytes arrived. @returns a promise to wait for when the space must be measured; it rejects with storage_full */
  consume(bytes: number): Promise<void> | undefined {
    const promised = Math.min(bytes, this.promised);
    this.promised -= promised;
    return this.space.consume(bytes, promised);
  }

  /** The upload ended, in whatever way. */
  release(): void {
    this.space.release(this.promised);
    this.promised = 0;
  }
}
