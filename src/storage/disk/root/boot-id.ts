// Identifies the current boot of the machine, during which unsynced writes remain readable.

import { readFile } from "node:fs/promises";

/**
 * The boot id of Linux. Other systems get a new id at each start of the server, so that only synced bytes count as
 * certain.
 */
export async function readBootId(): Promise<string> {
  try {
    return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  } catch {
    return crypto.randomUUID();
  }
}
