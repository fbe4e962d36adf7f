// The file descriptors of this process: those that are open, their limit, and paths that lead through them.

import { readdirSync, readFileSync } from "node:fs";

/** The soft limit of open descriptors; undefined when it is unlimited or the system has no /proc. */
export function filesAllowed(): number | undefined {
  try {
    const [, soft = ""] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1")) ?? [];
    return soft === "" ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

/** The open descriptors, and the one with which this call read them, closed by now. @throws the system's error when there is no /proc */
export function descriptors(): number[] {
  return readdirSync("/proc/self/fd").map(Number);
}

/** The number of open descriptors. @throws the system's error when there is no /proc */
export function filesOpen(): number {
  return descriptors().length - 1;
}

/**
 * A path to the open file or folder itself, even after it is renamed. `PATH/name` is equivalent to `openat(fd, name)`.
 * @returns undefined except on Linux
 */
export function descriptorPath(fd: number): string | undefined {
  return process.platform === "linux" ? `/proc/self/fd/${fd}` : undefined;
}
