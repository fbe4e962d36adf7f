// Files of a system that is not this one, for checks that read /proc and /sys.

import type { ReadText } from "../../src/doctor/finding.ts";

/** Reads only these files. */
export function system(files: Readonly<Record<string, string>>): ReadText {
  return (path) => files[path];
}

/** /proc/meminfo of so many MiB. */
export function meminfo(total: number, available: number): string {
  return `MemTotal:       ${total * 1024} kB\nMemFree:         1 kB\nMemAvailable:   ${available * 1024} kB\n`;
}
