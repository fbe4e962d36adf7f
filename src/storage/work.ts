// Sums and differences of the time a storage spent on uploads.

import type { StorageWork } from "./storage.ts";

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
