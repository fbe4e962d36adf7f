// The descriptors of this process, where the system tells of them in /proc.

import { readdirSync, readFileSync } from "node:fs";

/** How many may be open; nothing where the system does not say. */
export function filesAllowed(): number | undefined {
  try {
    const [, soft = ""] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1")) ?? [];
    return soft === "" ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

/** How many are open. @throws the system's error where it does not say */
export function filesOpen(): number {
  // One of them is the folder that is being read.
  return readdirSync("/proc/self/fd").length - 1;
}
