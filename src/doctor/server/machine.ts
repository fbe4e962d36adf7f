// The machine and what a container leaves of it: memory, processors, open files.

import { formatSize } from "../../config/config.ts";
import { about, type Finding, type ReadText } from "../finding.ts";
import { groupsOf } from "./cgroup.ts";

/** Sluice itself takes some 60 MB when idle and 200 MB with hundreds of slow uploads (docs/benchmarks.md). */
const ENOUGH = 256 * 2 ** 20;
const TOO_LITTLE = 96 * 2 ** 20;
/** Limits of version 1 that are as large as this mean none. */
const UNLIMITED = 2 ** 60;

/** What is free, and what a control group allows. */
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
    // What it holds of files can be given back at once.
    const stat = read(`${folder}/memory.stat`) ?? "";
    const cached = Number(/^(?:total_)?inactive_file (\d+)$/m.exec(stat)?.[1] ?? 0);
    return [{ limit, left: Number.isFinite(used) ? Math.max(0, limit - used + cached) : limit }];
  });
  const limit = Math.min(total, ...groups.map((group) => group.limit));
  const left = Math.min(free, ...groups.map((group) => group.left));
  const value = `${formatSize(round(left))} free of ${formatSize(round(limit))}`;
  const figures = { free: left, total: limit };
  const reason =
    limit < total
      ? `A control group allows ${formatSize(round(limit))}, which also bounds the cache of files.`
      : "";
  const advice =
    limit < total
      ? "Raise the limit of the container or service (MemoryMax)."
      : "Stop something else, or add memory.";
  if (left < TOO_LITTLE)
    return problem(value, {
      reason: `${reason} Sluice may be killed while it works.`.trim(),
      advice,
      figures,
    });
  if (left < ENOUGH || limit < ENOUGH)
    return warning(value, {
      reason: `${reason} It is enough for few uploads at once.`.trim(),
      advice,
      figures,
    });
  return ok(value, { ...(reason && { reason }), figures });
}

/** How many processors there are, what a control group leaves of them, and how busy they are. */
export function processors(count: number, read: ReadText): Finding {
  const { ok, warning } = about("processors", "Processors");
  const quota = Math.min(count, ...quotas(read));
  const load = Number(read("/proc/loadavg")?.split(" ")[0] ?? Number.NaN);
  const figures = { count, quota, ...(Number.isFinite(load) && { load }) };
  const busy = Number.isFinite(load) ? `, load ${load.toFixed(1)}` : "";
  const value = `${count}${quota < count ? `, of which ${Number(quota.toFixed(2))} may be used` : ""}${busy}`;
  if (quota < 1)
    return warning(value, {
      reason:
        "A control group stops this process again and again: transfers come in bursts, and answers late.",
      advice: "Raise the processor quota of the container or service (CPUQuota) to 100 % or more.",
      figures,
    });
  if (load > 2 * count)
    return warning(value, {
      reason: "More processes want to run than there are processors, so everything waits.",
      advice: "Look for what keeps them busy (top), or add processors.",
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

/** What the host took away while doctor ran; undefined when it did not tell, or took next to nothing. */
export function stolen(before: Ticks | undefined, after: Ticks | undefined): Finding | undefined {
  if (!before || !after || after.all <= before.all) return undefined;
  const share = (after.stolen - before.stolen) / (after.all - before.all);
  if (share < 0.05) return undefined;
  return about("steal", "Stolen time").warning(`${Math.round(share * 100)} %`, {
    reason: "The host of this virtual machine gave its processors to others.",
    advice: "Measure again at another hour. If it stays, ask for another host or for dedicated processors.",
    figures: { share },
  });
}

/** Descriptors an upload takes while it is published: socket, file, the folders on its way. */
const PER_UPLOAD = 3;
/** Descriptors of the server itself, and some for downloads. */
const BASE = 64;

/** `ulimit -n` beside `--max-uploads`. */
export function openFiles(read: ReadText, maxUploads: number): Finding {
  const { ok, warning, problem } = about("open-files", "Open files");
  const line = /^Max open files +(\S+) +(\S+)/m.exec(read("/proc/self/limits") ?? "");
  if (!line) return ok("not known", { reason: "Only Linux tells, in /proc/self/limits." });
  const limit = number(line[1]);
  if (limit === Number.POSITIVE_INFINITY) return ok("unlimited");
  const enough = Math.max(0, Math.floor((limit - BASE) / PER_UPLOAD));
  const value = `at most ${limit.toLocaleString("en")}`;
  const figures = { limit, uploads: enough };
  const wanted = maxUploads * PER_UPLOAD + BASE;
  const advice = `Raise it (ulimit -n ${wanted}, LimitNOFILE=${wanted} for a service), or lower --max-uploads.`;
  const reason = `Enough for about ${enough.toLocaleString("en")} uploads at once; --max-uploads allows ${maxUploads.toLocaleString("en")}.`;
  if (enough < 8) return problem(value, { reason, advice, figures });
  return enough < maxUploads ? warning(value, { reason, advice, figures }) : ok(value, { figures });
}

/** `max` and `unlimited` are infinite, nothing is not a number. */
function number(text: string | undefined): number {
  const trimmed = text?.trim();
  if (trimmed === "max" || trimmed === "unlimited" || trimmed === undefined) return Number.POSITIVE_INFINITY;
  return Number(trimmed);
}

/** To three digits: bytes of memory are never round. */
function round(bytes: number): number {
  return Number(bytes.toPrecision(3));
}
