// Disk measurements: bounded in time on every device, and the findings derived from them.

import { describe, expect, test } from "bun:test";
import type { DiskReadings } from "../../../src/doctor/disk/disk.ts";
import { diskFindings, hanging, milliseconds, notWritable } from "../../../src/doctor/disk/findings.ts";
import {
  type Device,
  measureReading,
  measureSyncs,
  measureWriting,
  quantile,
} from "../../../src/doctor/disk/speed.ts";

const MIB = 2 ** 20;

/** A simulated device with its own clock. */
function device(bytesPerSecond: number, syncSeconds = 0, longestWrite = Number.POSITIVE_INFINITY) {
  let now = 0;
  let length = 0;
  const synced: number[] = [];
  const self: Device = {
    async write(bytes, position) {
      const count = Math.min(bytes.length, longestWrite);
      expect(position).toBeLessThanOrEqual(length);
      length = Math.max(length, position + count);
      now += (count / bytesPerSecond) * 1000;
      return count;
    },
    async read(into, position) {
      const count = Math.min(into.length, length - position);
      now += (count / bytesPerSecond) * 1000;
      return count;
    },
    async datasync() {
      now += syncSeconds * 1000;
      synced.push(length);
    },
    now: () => now,
  };
  return { self, synced, elapsed: () => now / 1000 };
}

describe("writing", () => {
  const { signal } = new AbortController();

  test("writes windows of up to 32 MiB, each synced, up to the maximum", async () => {
    const fast = device(1e9, 0.001);
    const { synced } = await measureWriting(fast.self, { bytes: 256 * MIB, seconds: 3, signal });
    expect(synced.bytes).toBe(256 * MIB);
    const windows = fast.synced.map((at, index) => (at - (fast.synced[index - 1] ?? 0)) / MIB);
    expect(windows.slice(0, 7)).toEqual([1, 2, 4, 8, 16, 32, 32]);
  });

  test.each([0.3e6, 2e6, 10e6, 80e6, 2e9])(
    "a device of %d bytes per second is measured correctly, within the time limit",
    async (speed) => {
      const slow = device(speed);
      const { synced } = await measureWriting(slow.self, { bytes: 256 * MIB, seconds: 3, signal });
      expect(synced.bytes / synced.seconds).toBeCloseTo(speed, -1);
      expect(slow.elapsed()).toBeLessThanOrEqual(Math.max(3.001, MIB / speed + 0.001));
    },
  );

  test("the rate includes syncs, and the rate without them is reported separately", async () => {
    const { synced, taken } = await measureWriting(device(1e9, 0.5).self, {
      bytes: 256 * MIB,
      seconds: 3,
      signal,
    });
    expect(taken.bytes / taken.seconds).toBeCloseTo(1e9, -3);
    expect(synced.seconds - taken.seconds).toBeGreaterThan(2);
  });

  test("short writes are continued", async () => {
    const { synced } = await measureWriting(device(1e9, 0, 100_001).self, {
      bytes: 3 * MIB,
      seconds: 3,
      signal,
    });
    expect(synced.bytes).toBe(3 * MIB);
  });

  test("aborting ends every measurement at the next call", async () => {
    const stop = AbortSignal.abort();
    const bounds = { bytes: 256 * MIB, seconds: 3, signal: stop };
    expect((await measureWriting(device(1e9).self, bounds)).synced.bytes).toBe(MIB);
    expect((await measureSyncs(device(1e9).self, 0, bounds)).length).toBe(1);
    expect((await measureReading(device(1e9).self, bounds)).bytes).toBe(0);
  });
});

test("syncs are measured for two seconds, at most 200 times", async () => {
  const { signal } = new AbortController();
  const bounds = { bytes: 0, seconds: 2, signal };
  expect((await measureSyncs(device(1e12, 0.001).self, 0, bounds)).length).toBe(200);
  expect((await measureSyncs(device(1e12, 0.03).self, 0, bounds)).length).toBe(67);
  expect(quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.95)).toBe(10);
  expect(quantile([1, 2, 3], 0.5)).toBe(2);
  expect(quantile([], 0.5)).toBeNaN();
});

test("reading stops at the end of the file", async () => {
  const { signal } = new AbortController();
  const disk = device(1e8);
  await measureWriting(disk.self, { bytes: 5 * MIB, seconds: 3, signal });
  expect((await measureReading(disk.self, { bytes: 99 * MIB, seconds: 2, signal })).bytes).toBe(5 * MIB);
});

describe("findings", () => {
  const well: DiskReadings = {
    writing: { taken: { bytes: 2e8, seconds: 0.1 }, synced: { bytes: 2e8, seconds: 1 } },
    reading: { bytes: 2e8, seconds: 0.5 },
    cold: true,
    syncs: [0.001, 0.002, 0.004],
    linked: true,
    reflink: false,
    ignoresCase: false,
  };
  const finding = (check: string, changes: DiskReadings) =>
    diskFindings({ ...well, ...changes }).find((one) => one.check === check);

  test("about a good disk", () => {
    expect(diskFindings(well).map(({ verdict }) => verdict)).toEqual(["ok", "ok", "ok", "ok", "ok", "ok"]);
    expect(finding("write-speed", {})).toMatchObject({ value: "200 MB/s", figures: { bytesPerSecond: 2e8 } });
    expect(finding("write-speed", {})?.reason).toContain("1.6 Gbit/s");
    expect(finding("sync-latency", {})?.value).toBe("p50 2 ms, p95 4 ms, max 4 ms");
  });

  test("are only about measured values", () => {
    expect(diskFindings({})).toEqual([]);
  });

  test("about slow disks are warnings", () => {
    const slow = { bytes: 1e7, seconds: 2 };
    expect(finding("write-speed", { writing: { taken: slow, synced: slow } })?.verdict).toBe("warning");
    expect(finding("read-speed", { reading: slow })?.verdict).toBe("warning");
    expect(finding("sync-latency", { syncs: [0.01, 0.2] })?.verdict).toBe("warning");
  });

  test("do not confuse the page cache with the disk", () => {
    expect(finding("read-speed", { cold: false })).toMatchObject({ value: "400 MB/s from the cache" });
  });

  test("about missing hard links: uploads will be refused", () => {
    const links = finding("hard-links", { linked: false, linkRefused: "EPERM" });
    expect(links).toMatchObject({ verdict: "problem", value: "refused" });
    expect(links?.reason).toContain("EPERM");
    expect(links?.reason).toContain("storage_read_only");
  });

  test("about case-insensitive names are a warning", () => {
    expect(finding("name-case", { ignoresCase: true })?.verdict).toBe("warning");
  });

  test.each(["EROFS", "EACCES", "ENOTDIR", "ENOSPC", "EIO"])("about %s: uploads will fail", (errno) => {
    expect(notWritable(errno, true).verdict).toBe("problem");
    expect(notWritable(errno, true).advice).not.toBeUndefined();
    expect(notWritable(errno, false).verdict).toBe("ok");
  });

  test("about a disk that hangs", () => {
    expect(hanging(11)).toMatchObject({ verdict: "problem", value: "did not answer within 11 s" });
  });

  test.each([
    [0.000_051_2, "0.051 ms"],
    [0.0123, "12 ms"],
    [1.5, "1500 ms"],
  ])("%d s is %s", (seconds, text) => {
    expect(milliseconds(seconds)).toBe(text);
  });
});
