// The device behind a storage: its space and the work queued for it.

/** Bytes. */
export interface Space {
  free: number;
  total: number;
}

/** Current totals over all uploads. Live: read the fields again each time. */
export interface Load {
  /** Bytes in memory that are buffered or being written. */
  readonly held: number;
  /** Uploads with buffered bytes whose write has not started. */
  readonly waiting: number;
  /** Syncs in progress. */
  readonly syncing: number;
}
