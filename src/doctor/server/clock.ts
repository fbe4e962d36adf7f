// Checks the clock: a plausible year, no jump during the examination, agreement with the disk's clock, and a time service.

import { about, type Finding, type ReadText } from "../finding.ts";

/** Readings of clocks. Times are milliseconds since 1970. */
export interface Clocks {
  readonly now: number;
  /** Milliseconds by which the clock gained on the monotonic clock while doctor ran. */
  readonly turned: number;
  /** The modification time the disk gave a newly written file; undefined when none was written. */
  readonly written?: number;
}

/** The year of this source: an earlier clock has never been set. */
const EARLIEST = 2025;
const LATEST = 2100;
/** Milliseconds. A time service slews a clock by at most 0.5 ms a second, so a larger difference is a jump. */
const JUMP = 250;
/** Milliseconds by which two clocks may differ before file dates become misleading. */
const APART = 5000;

export function clock({ now, turned, written }: Clocks, read: ReadText): Finding {
  const { ok, warning, problem } = about("clock", "Clock");
  const date = new Date(now);
  const value = date.toISOString().replace(/\.\d+Z$/, "Z");
  const figures = { turned: turned / 1000 };
  const advice = "Run a time service: systemd-timesyncd, chrony, or that of the virtual machine's host.";
  if (date.getUTCFullYear() < EARLIEST || date.getUTCFullYear() > LATEST)
    return problem(value, {
      reason: "The system clock is implausible: timestamps, TLS and expiry times will be wrong.",
      advice,
      figures,
    });
  if (Math.abs(turned) > JUMP)
    return warning(value, {
      reason: `The clock jumped by ${(turned / 1000).toFixed(1)} s while doctor ran.`,
      advice,
      figures,
    });
  if (written !== undefined && Math.abs(written - now) > APART)
    return warning(value, {
      reason: `The disk's clock differs by ${((written - now) / 1000).toFixed(0)} s: files get the date of another machine.`,
      advice: "Synchronize both machines by NTP.",
      figures: { ...figures, disk: (written - now) / 1000 },
    });
  const set = read("/run/systemd/timesync/synchronized") !== undefined;
  const reason = set ? "Set by systemd-timesyncd." : "No time service can be detected from here.";
  return ok(value, { reason, figures });
}
