// The clock: a year that can be, nobody turning it, the disk's own clock, and whether something keeps it right.

import { about, type Finding, type ReadText } from "../finding.ts";

/** What was read of clocks. Times are milliseconds since 1970. */
export interface Clocks {
  readonly now: number;
  /** By how many milliseconds the clock went ahead of the monotonic one while doctor ran. */
  readonly turned: number;
  /** The time the disk gave a file that was just written; undefined when none was. */
  readonly written?: number;
}

/** The year this was written: a clock before it is not set. */
const EARLIEST = 2025;
const LATEST = 2100;
/** Milliseconds. Clocks are slewed by at most 0.5 ms a second, so this is a jump. */
const JUMP = 250;
/** Milliseconds that two machines may differ before dates of files mislead. */
const APART = 5000;

export function clock({ now, turned, written }: Clocks, read: ReadText): Finding {
  const { ok, warning, problem } = about("clock", "Clock");
  const date = new Date(now);
  const value = date.toISOString().replace(/\.\d+Z$/, "Z");
  const figures = { turned: turned / 1000 };
  const advice = "Let something set it: systemd-timesyncd, chrony, or the host of this machine.";
  if (date.getUTCFullYear() < EARLIEST || date.getUTCFullYear() > LATEST)
    return problem(value, {
      reason: "That year cannot be: dates, TLS and expiries will be wrong.",
      advice,
      figures,
    });
  if (Math.abs(turned) > JUMP)
    return warning(value, {
      reason: `It was turned by ${(turned / 1000).toFixed(1)} s while doctor ran.`,
      advice,
      figures,
    });
  if (written !== undefined && Math.abs(written - now) > APART)
    return warning(value, {
      reason: `The disk's own clock is ${((written - now) / 1000).toFixed(0)} s apart: files get dates of another machine.`,
      advice: "Set both machines by NTP.",
      figures: { ...figures, disk: (written - now) / 1000 },
    });
  const set = read("/run/systemd/timesync/synchronized") !== undefined;
  const reason = set
    ? "Set by systemd-timesyncd."
    : "Whether something keeps it right cannot be seen from here.";
  return ok(value, { reason, figures });
}
