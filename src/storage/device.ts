// What a storage's device has: space, and what waits for it.

/** Bytes. */
export interface Space {
  free: number;
  total: number;
}

/** As it is now, over all uploads: read it anew each time. */
export interface Load {
  /** Bytes in memory that wait for the device, or are on their way to it. */
  readonly held: number;
  /** Uploads with bytes of which no write has begun. */
  readonly waiting: number;
  /** Syncs on their way. */
  readonly syncing: number;
}
