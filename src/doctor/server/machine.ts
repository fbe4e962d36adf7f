// Checks the machine within the limits of its container: memory, processors, open files.

import { formatBytes } from "../../units.ts";
import { about, type Finding, type ReadText } from "../finding.ts";
import { groupsOf } from "./cgroup.ts";

/** Sluice uses about 60 MB when idle and 200 MB with hundreds of slow uploads (docs/benchmarks.md). */
const ENOUGH = 256 * 2 ** 20;
const TOO_LITTLE = 96 * 2 ** 20;
/** Version 1 expresses "no limit" by a number of at least this size. */
const UNLIMITED = 2 ** 60;

/** Compares free memory and the control group's limit with what Sluice needs. */
export function memory(read: ReadText): Finding {
  const { ok, warning, problem } = about("memory", "Memory");
  const meminfo = read("/proc/meminfo") ?? "";
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}: +(\\d+) kB`, "m").exec(meminfo)?.[1] ?? Number.NaN) * 1024;
  const total = kilobytes("MemTotal");
  const free = kilobytes("MemAvailable");
  if (!Number.isFinite(total) || !Number.isFinite(free))
    return ok("not known", { reason: "No /proc/meminfo." });

  const { version, folders } = groupsOf("memory", read);
  const [max, current] =
    version === 2 ? ["memory.max", "memory.current"] : ["memory.limit_in_bytes", "memory.usage_in_bytes"];
  const groups = folders.flatMap((folder) => {
    const limit = Math.min(
      number(read(`${folder}/${max}`)),
      version === 2 ? number(read(`${folder}/memory.high`)) : Number.POSITIVE_INFINITY,
    );
    if (limit >= UNLIMITED || limit >= total) return [];
    const used = number(read(`${folder}/${current}`));
    // The page cache can be reclaimed at once, so it counts as free.
    const stat = read(`${folder}/memory.stat`) ?? "";
    const cached = Number(/^(?:total_)?inactive_file (\d+)$/m.exec(stat)?.[1] ?? 0);
    return [{ limit, left: Number.isFinite(used) ? Math.max(0, limit - used + cached) : limit }];
  });
  const limit = Math.min(total, ...groups.map((group) => group.limit));
  const left = Math.min(free, ...groups.map((group) => group.left));
  const value = `${formatBytes(round(left))} free of ${formatBytes(round(limit))}`;
  const figures = { free: left, total: limit };
  const reason =
    limit < total
      ? `A control group limits memory to ${formatBytes(round(limit))}, including the page cache.`
      : "";
  const advice =
    limit < total
      ? "Raise the limit of the container or service (MemoryMax)."
      : "Stop other programs, or add memory.";
  if (left < TOO_LITTLE)
    return problem(value, {
      reason: `${reason} The kernel may kill Sluice.`.trim(),
      advice,
      figures,
    });
  if (left < ENOUGH || limit < ENOUGH)
    return warning(value, {
      reason: `${reason} This is enough for only a few concurrent uploads.`.trim(),
      advice,
      figures,
    });
  return ok(value, { ...(reason && { reason }), figures });
}

/** Checks the number of processors, the control group's quota, and the load. */
export function processors(count: number, read: ReadText): Finding {
  const { ok, warning } = about("processors", "Processors");
  const quota = Math.min(count, ...quotas(read));
  const load = Number(read("/proc/loadavg")?.split(" ")[0] ?? Number.NaN);
  const figures = { count, quota, ...(Number.isFinite(load) && { load }) };
  const busy = Number.isFinite(load) ? `, load ${load.toFixed(1)}` : "";
  const value = `${count}${quota < count ? `, of which ${Number(quota.toFixed(2))} may be used` : ""}${busy}`;
  if (quota < 1)
    return warning(value, {
      reason: "A control group throttles this process: transfers come in bursts, and answers are delayed.",
      advice: "Raise the processor quota of the container or service (CPUQuota) to 100 % or more.",
      figures,
    });
  if (load > 2 * count)
    return warning(value, {
      reason: "More processes are runnable than there are processors, so all of them wait.",
      advice: "Find the processes that use them (top), or add processors.",
      figures,
    });
  return ok(value, { figures });
}

function quotas(read: ReadText): number[] {
  const { version, folders } = groupsOf("cpu", read);
  return folders.flatMap((folder) => {
    const [quota, period] =
      version === 2
        ? (read(`${folder}/cpu.max`) ?? "").trim().split(" ")
        : [read(`${folder}/cpu.cfs_quota_us`)?.trim(), read(`${folder}/cpu.cfs_period_us`)?.trim()];
    const share = Number(quota) / Number(period);
    return share > 0 && Number.isFinite(share) ? [share] : [];
  });
}

/** Processor time by kind, from the first line of /proc/stat. */
export interface Ticks {
  readonly stolen: number;
  readonly all: number;
}

export function ticks(read: ReadText): Ticks | undefined {
  const [, ...numbers] = (read("/proc/stat") ?? "").split("\n", 1)[0]?.split(/ +/) ?? [];
  const values = numbers.slice(0, 8).map(Number);
  if (values.length < 8 || values.some((value) => !Number.isFinite(value))) return undefined;
  return { stolen: values[7] ?? 0, all: values.reduce((sum, value) => sum + value, 0) };
}

/** Processor time stolen by the host while doctor ran; undefined when it is unknown or negligible. */
export function stolen(before: Ticks | undefined, after: Ticks | undefined): Finding | undefined {
  if (!before || !after || after.all <= before.all) return undefined;
  const share = (after.stolen - before.stolen) / (after.all - before.all);
  if (share < 0.05) return undefined;
  return about("steal", "Stolen time").warning(`${Math.round(share * 100)} %`, {
    reason: "The host gave this virtual machine's processors to other machines.",
    advice: "Measure again at another time. If it persists, ask for another host or dedicated processors.",
    figures: { share },
  });
}

/** Descriptors that one upload needs while it is published: the socket, the file, the folders above it. */
const PER_UPLOAD = 3;
/** Descriptors of the server itself, with some for downloads. */
const BASE = 64;

/** Compares `ulimit -n` with `--max-uploads`. */
export function openFiles(read: ReadText, maxUploads: number): Finding {
  const { ok, warning, problem } = about("open-files", "Open files");
  const line = /^Max open files +(\S+) +(\S+)/m.exec(read("/proc/self/limits") ?? "");
  if (!line) return ok("not known", { reason: "Only Linux reports it, in /proc/self/limits." });
  const limit = number(line[1]);
  if (limit === Number.POSITIVE_INFINITY) return ok("unlimited");
  const enough = Math.max(0, Math.floor((limit - BASE) / PER_UPLOAD));
  const value = `at most ${limit.toLocaleString("en")}`;
  const figures = { limit, uploads: enough };
  const wanted = maxUploads * PER_UPLOAD + BASE;
  const advice = `Raise it (ulimit -n ${wanted}, LimitNOFILE=${wanted} for a service), or lower --max-uploads.`;
  const reason = `Enough for about ${enough.toLocaleString("en")} concurrent uploads; --max-uploads allows ${maxUploads.toLocaleString("en")}.`;
  if (enough < 8) return problem(value, { reason, advice, figures });
  return enough < maxUploads ? warning(value, { reason, advice, figures }) : ok(value, { figures });
}

/** Parses a limit: `max` and `unlimited` are Infinity, a missing value is NaN. */
function number(text: string | undefined): number {
  const trimmed = text?.trim();
  if (trimmed === "max" || trimmed === "unlimited" || trimmed === undefined) return Number.POSITIVE_INFINITY;
  return Number(trimmed);
}

/** Rounds to three significant digits, because exact memory sizes are hard to read. */
function round(bytes: number): number {
  return Number(bytes.toPrecision(3));
}
