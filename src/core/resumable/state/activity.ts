// The last activity of an upload, and whether it expired since.

import type { Storage } from "../../../storage/storage.ts";
import type { UploadState } from "./record.ts";

export class Activity {
  /** Time of expiry, in milliseconds since 1970. */
  expires = 0;

  /** @param lifetime seconds without activity after which the upload expires */
  constructor(
    readonly storage: Pick<Storage, "age">,
    readonly record: Pick<UploadState, "active">,
    readonly lifetime: number,
  ) {
    this.touch();
  }

  /** Time of the last activity, in milliseconds since 1970. */
  get last(): number {
    return this.expires - this.lifetime * 1000;
  }

  /**
   * Records activity, which postpones expiry.
   * @param age `Storage.age` at that time
   */
  touch(now = Date.now(), age = this.storage.age): void {
    this.expires = now + this.lifetime * 1000;
    this.record.active = age;
  }

  /** By the clock of the system and by the age of the storage: a clock that is set forward must not end uploads. */
  get expired(): boolean {
    const { age } = this.storage;
    return this.expires <= Date.now() && this.record.active + this.lifetime * 1000 <= age;
  }
}
