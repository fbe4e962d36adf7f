// Simulated files of other systems, for checks that read /proc and /sys.

import type { ReadText } from "../../src/doctor/finding.ts";

/** Returns a reader that knows only these files. */
export function system(files: Readonly<Record<string, string>>): ReadText {
  return (path) => files[path];
}

/** The text of /proc/meminfo for these sizes in MiB. */
export function meminfo(total: number, available: number): string {
  return `MemTotal:       ${total * 1024} kB\nMemFree:         1 kB\nMemAvailable:   ${available * 1024} kB\n`;
}
