// Finds the control groups of this process, versions 1 and 2 (cgroups(7)).

import type { ReadText } from "../finding.ts";

const TOP = "/sys/fs/cgroup";

/**
 * The folders of the control groups that limit this process, innermost first; the limit of each applies.
 * In a container the path is often one of the host; the limits are then found at the top of the hierarchy.
 */
export function groupsOf(
  controller: "memory" | "cpu",
  read: ReadText,
): { version: 1 | 2; folders: string[] } {
  const lines = (read("/proc/self/cgroup") ?? "").split("\n").map((line) => line.split(":"));
  const first = lines.find(([, controllers]) => controllers?.split(",").includes(controller));
  if (first) {
    const [, controllers = "", path = "/"] = first;
    const mounted = [controllers, controller].map((name) => `${TOP}/${name}`);
    const top = mounted.find((folder) => read(`${folder}/cgroup.procs`) !== undefined);
    return { version: 1, folders: upwards(top ?? `${TOP}/${controller}`, path) };
  }
  const second = lines.find(([id, controllers]) => id === "0" && controllers === "");
  return { version: 2, folders: upwards(TOP, second?.slice(2).join(":") ?? "/") };
}

function upwards(top: string, path: string): string[] {
  const segments = path.split("/").filter((segment) => segment !== "" && segment !== "..");
  return [...segments.keys(), segments.length]
    .toReversed()
    .map((count) => [top, ...segments.slice(0, count)].join("/"));
}
