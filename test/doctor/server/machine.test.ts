// Memory, processors and open files, on machines and in containers with both versions of control groups.

import { describe, expect, test } from "bun:test";
import { groupsOf } from "../../../src/doctor/server/cgroup.ts";
import { memory, openFiles, processors, stolen, ticks } from "../../../src/doctor/server/machine.ts";
import { meminfo, system } from "../fixtures.ts";

const MIB = 2 ** 20;
const V2 = { "/proc/self/cgroup": "0::/system.slice/sluice.service\n" };
const V1 = { "/proc/self/cgroup": "5:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n0::/\n" };

test("control groups are read from that of the process up to the root group", () => {
  expect(groupsOf("memory", system(V2))).toEqual({
    version: 2,
    folders: ["/sys/fs/cgroup/system.slice/sluice.service", "/sys/fs/cgroup/system.slice", "/sys/fs/cgroup"],
  });
  expect(groupsOf("memory", system(V1))).toEqual({
    version: 1,
    folders: ["/sys/fs/cgroup/memory/docker/x", "/sys/fs/cgroup/memory/docker", "/sys/fs/cgroup/memory"],
  });
  const together = system({ ...V1, "/sys/fs/cgroup/cpu,cpuacct/cgroup.procs": "1\n" });
  expect(groupsOf("cpu", together).folders[0]).toBe("/sys/fs/cgroup/cpu,cpuacct/docker/x");
  expect(groupsOf("cpu", system({}))).toEqual({ version: 2, folders: ["/sys/fs/cgroup"] });
  expect(groupsOf("cpu", system({ "/proc/self/cgroup": "0::/../../x\n" })).folders[0]).toBe(
    "/sys/fs/cgroup/x",
  );
});

describe("memory", () => {
  const of = (files: Record<string, string>, total = 2048, available = 1024) =>
    memory(system({ "/proc/meminfo": meminfo(total, available), ...files }));

  test("of a machine without limits", () => {
    expect(of({})).toMatchObject({ verdict: "ok", figures: { free: 1024 * MIB, total: 2048 * MIB } });
    expect(of({}, 512, 200).verdict).toBe("warning");
    expect(of({}, 512, 50)).toMatchObject({
      verdict: "problem",
      advice: "Stop other programs, or add memory.",
    });
    expect(memory(system({})).value).toBe("not known");
  });

  test("of a version 2 group, whose file cache does not count as used", () => {
    const group = "/sys/fs/cgroup/system.slice";
    const limited = of({
      ...V2,
      [`${group}/memory.max`]: `${512 * MIB}\n`,
      [`${group}/memory.current`]: `${500 * MIB}\n`,
      [`${group}/memory.stat`]: `anon 1\ninactive_file ${400 * MIB}\n`,
      [`${group}/sluice.service/memory.max`]: "max\n",
    });
    expect(limited).toMatchObject({ verdict: "ok", figures: { free: 412 * MIB, total: 512 * MIB } });
    expect(limited.reason).toContain("control group");
    expect(
      of({ ...V2, [`${group}/memory.high`]: `${128 * MIB}\n`, [`${group}/memory.max`]: "max\n" }),
    ).toMatchObject({
      verdict: "warning",
      figures: { total: 128 * MIB },
    });
  });

  test("of a version 1 group, where a huge number means no limit", () => {
    const group = "/sys/fs/cgroup/memory/docker/x";
    const limits = (limit: number, used: number) => ({
      ...V1,
      [`${group}/memory.limit_in_bytes`]: `${limit}\n`,
      [`${group}/memory.usage_in_bytes`]: `${used}\n`,
    });
    expect(of(limits(2 ** 63 - 4096, 5)).figures).toEqual({ free: 1024 * MIB, total: 2048 * MIB });
    const small = of(limits(64 * MIB, 10 * MIB));
    expect(small.verdict).toBe("problem");
    expect(small.advice).toContain("container");
  });
});

describe("processors", () => {
  test("are counted, and a quota of either version is applied", () => {
    expect(processors(4, system({ "/proc/loadavg": "0.52 0.4 0.3 1/2 3\n" }))).toMatchObject({
      verdict: "ok",
      value: "4, load 0.5",
    });
    const v2 = system({ ...V2, "/sys/fs/cgroup/system.slice/cpu.max": "50000 100000\n" });
    expect(processors(4, v2)).toMatchObject({ verdict: "warning", value: "4, of which 0.5 may be used" });
    const v1 = { ...V1, "/sys/fs/cgroup/cpu/docker/x/cpu.cfs_period_us": "100000\n" };
    expect(
      processors(4, system({ ...v1, "/sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us": "150000\n" })),
    ).toMatchObject({
      verdict: "ok",
      figures: { quota: 1.5 },
    });
    expect(
      processors(4, system({ ...v1, "/sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us": "-1\n" })),
    ).toMatchObject({
      figures: { quota: 4 },
    });
    expect(processors(2, system({ ...V2, "/sys/fs/cgroup/cpu.max": "max 100000\n" })).value).toBe("2");
  });

  test("that are busy are a warning", () => {
    expect(processors(2, system({ "/proc/loadavg": "4.10 1 1 1/2 3\n" })).verdict).toBe("warning");
    expect(processors(4, system({ "/proc/loadavg": "4.10 1 1 1/2 3\n" })).verdict).toBe("ok");
  });

  test("time stolen by the host is reported", () => {
    const at = (user: number, steal: number) =>
      ticks(system({ "/proc/stat": `cpu  ${user} 0 0 0 0 0 0 ${steal} 0 0\ncpu0 1 1 1\n` }));
    expect(stolen(at(100, 0), at(190, 10))).toMatchObject({ verdict: "warning", value: "10 %" });
    expect(stolen(at(100, 0), at(199, 1))).toBeUndefined();
    expect(stolen(at(100, 0), at(100, 0))).toBeUndefined();
    expect(stolen(ticks(system({})), at(1, 1))).toBeUndefined();
  });
});

describe("openFiles", () => {
  const limits = (soft: string) =>
    system({
      "/proc/self/limits": `Limit  Soft Limit  Hard Limit  Units\nMax open files            ${soft}       4096      files\n`,
    });

  test.each([
    ["65536", 256, "ok"],
    ["1024", 256, "ok"],
    ["832", 256, "ok"],
    ["831", 256, "warning"],
    ["1024", 1000, "warning"],
    ["80", 256, "problem"],
    ["unlimited", 100_000, "ok"],
  ] as const)("%s for %d uploads: %s", (soft, uploads, verdict) => {
    expect(openFiles(limits(soft), uploads).verdict).toBe(verdict);
  });

  test("the advice names a sufficient number", () => {
    const { advice = "" } = openFiles(limits("1024"), 1000);
    const wanted = /LimitNOFILE=(\d+)/.exec(advice)?.[1] ?? "";
    expect(openFiles(limits(wanted), 1000).verdict).toBe("ok");
  });
});
