// The device behind a storage: its space, the work queued for it, and the time it spent on uploads.

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

/** Seconds, increasing while an upload runs. `…Waited` is time the caller was blocked, `…Busy` time the device worked. */
export interface StorageWork {
  readonly diskWaited: number;
  readonly diskBusy: number;
  readonly syncWaited: number;
  readonly syncBusy: number;
}

export const NO_WORK: StorageWork = { diskWaited: 0, diskBusy: 0, syncWaited: 0, syncBusy: 0 };

/** Adds `other` to `one`; with a factor of -1, gives the work done since `other` was read. */
export function addWork(one: StorageWork, other: StorageWork, factor = 1): StorageWork {
  return {
    diskWaited: one.diskWaited + factor * other.diskWaited,
    diskBusy: one.diskBusy + factor * other.diskBusy,
    syncWaited: one.syncWaited + factor * other.syncWaited,
    syncBusy: one.syncBusy + factor * other.syncBusy,
  };
}
