// The last activity of an upload, and whether it expired since.

import type { Storage } from "../../../storage/storage.ts";
import type { UploadState } from "./record.ts";

/** Seconds without activity after which an upload expires that has not received a byte, at most. */
export const EMPTY_LIFETIME = 3600;

export class Activity {
  /** Time of the last activity, in milliseconds since 1970. */
  last = 0;

  /**
   * @param longest seconds without activity after which the upload expires
   * @param empty whether it has not received a byte
   */
  constructor(
    readonly storage: Pick<Storage, "age">,
    readonly record: Pick<UploadState, "active">,
    readonly longest: number,
    readonly empty: () => boolean,
  ) {
    this.touch();
  }

  /** Seconds without activity after which the upload expires as it is now. */
  get lifetime(): number {
    return this.empty() ? Math.min(EMPTY_LIFETIME, this.longest) : this.longest;
  }

  /** Time of expiry, in milliseconds since 1970. */
  get expires(): number {
    return this.last + this.lifetime * 1000;
  }

  /**
   * Records activity, which postpones expiry.
   * @param age `Storage.age` at that time
   */
  touch(now = Date.now(), age = this.storage.age): void {
    this.last = now;
    this.record.active = age;
  }

  /** By the clock of the system and by the age of the storage: a clock that is set forward must not end uploads. */
  get expired(): boolean {
    const { age } = this.storage;
    return this.expires <= Date.now() && this.record.active + this.lifetime * 1000 <= age;
  }
}
