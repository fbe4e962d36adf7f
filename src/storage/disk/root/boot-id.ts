// Since when the machine runs: what was written since then is there, synced or not.

import { readFile } from "node:fs/promises";

/**
 * What Linux calls this boot. Where the system has no name for it every start of the server counts as one: then no more
 * is taken for certain than what was synced.
 */
export async function readBootId(): Promise<string> {
  try {
    return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  } catch {
    return crypto.randomUUID();
  }
}
