// What a storage did for an upload, added up and taken apart.

import type { StorageWork } from "./storage.ts";

export const NO_WORK: StorageWork = { diskWaited: 0, diskBusy: 0, syncWaited: 0, syncBusy: 0 };

/** One behind the other; or, with a factor of -1, what one did since the other. */
export function addWork(one: StorageWork, other: StorageWork, factor = 1): StorageWork {
  return {
    diskWaited: one.diskWaited + factor * other.diskWaited,
    diskBusy: one.diskBusy + factor * other.diskBusy,
    syncWaited: one.syncWaited + factor * other.syncWaited,
    syncBusy: one.syncBusy + factor * other.syncBusy,
  };
}
