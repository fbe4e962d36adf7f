// Tracks the last activity of an upload and decides whether it has expired.

import type { Storage } from "../../../storage/storage.ts";
import type { UploadState } from "./record.ts";

/** Seconds without activity after which an upload without a byte expires; less if --upload-expiry is shorter. */
export const EMPTY_LIFETIME = 3600;

export class Activity {
  /** Time of the last activity, in milliseconds since 1970. */
  last = 0;

  /**
   * @param maxLifetime seconds without activity after which the upload expires once it has a byte
   * @param empty whether it has not received a byte
   */
  constructor(
    readonly storage: Pick<Storage, "age">,
    readonly record: Pick<UploadState, "active">,
    readonly maxLifetime: number,
    readonly empty: () => boolean,
  ) {
    this.touch();
  }

  /** Seconds without activity after which the upload, in its present state, expires. */
  get lifetime(): number {
    return this.empty() ? Math.min(EMPTY_LIFETIME, this.maxLifetime) : this.maxLifetime;
  }

  /** Time of expiry, in milliseconds since 1970. */
  get expires(): number {
    return this.last + this.lifetime * 1000;
  }

  /**
   * Records activity, which postpones expiry.
   * @param now milliseconds since 1970
   * @param age `Storage.age` at that time
   */
  touch(now = Date.now(), age = this.storage.age): void {
    this.last = now;
    this.record.active = age;
  }

  /** Both the system clock and the age of the storage must agree: setting the clock forward must not delete uploads. */
  get expired(): boolean {
    const { age } = this.storage;
    return this.expires <= Date.now() && this.record.active + this.lifetime * 1000 <= age;
  }
}
