// The flow report: waits that add up, the bottleneck, and a sentence with the rates of both sides.

import { describe, expect, test } from "bun:test";
import {
  addTimings,
  bottleneckOf,
  buildFlowReport,
  type FlowReport,
  isTelling,
  NO_TIMINGS,
  scaleTimings,
  serverTiming,
  type Timings,
  withCap,
} from "../../../src/core/report/flow-report.ts";

/** A report of 100 MB in ten seconds with these waits. */
function measured(
  waits: { network?: number; disk?: number; sync?: number; hash?: number; cap?: number },
  more: Partial<Timings> = {},
): FlowReport {
  const { network = 0, disk = 0, sync = 0, hash = 0, cap = 0 } = waits;
  return buildFlowReport({
    bytes: 100_000_000,
    seconds: 10,
    network,
    hash,
    work: {
      diskWaited: disk,
      diskBusy: Math.max(disk, 0.5),
      syncWaited: sync,
      syncBusy: Math.max(sync, 0.1),
    },
    ...withCap({ seconds: cap, name: "cap of this link (5 MB/s)" }),
    ...more,
  });
}

const sumOf = ({ waits }: FlowReport): number => Object.values(waits).reduce((sum, part) => sum + part, 0);

describe("waits", () => {
  test("the remaining time counts as processor time, and all parts add up to the total", () => {
    const flow = measured({ network: 4, disk: 2, sync: 1, hash: 0.5 });
    expect(flow.waits).toEqual({ network: 4, disk: 2, sync: 1, hash: 0.5, other: 2.5 });
    expect(sumOf(flow)).toBeCloseTo(flow.seconds, 5);
    expect(flow.bytesPerSecond).toBe(10_000_000);
  });

  test("waits that overlap a little are scaled to the total", () => {
    const flow = measured({ network: 8, disk: 2.4 });
    expect(sumOf(flow)).toBeCloseTo(10, 5);
    expect(flow.waits.other).toBe(0);
    expect(flow.waits.network / flow.waits.disk).toBeCloseTo(8 / 2.4, 4);
  });

  test("the wait for a cap is a part of its own, which only an upload that a cap made wait has", () => {
    const flow = measured({ network: 3, disk: 1, cap: 5 });
    expect(flow.waits).toEqual({ network: 3, disk: 1, sync: 0, hash: 0, cap: 5, other: 1 });
    expect(sumOf(flow)).toBeCloseTo(flow.seconds, 5);
    expect(measured({ network: 3 }).waits).not.toHaveProperty("cap");
  });

  test("several requests of one upload add their waits, and the cap that took most of them is named", () => {
    const wait = (seconds: number, name: string): Timings => ({ ...NO_TIMINGS, cap: { seconds, name } });
    const sum = addTimings(addTimings(wait(1, "one"), NO_TIMINGS), wait(2, "other"));
    expect(sum.cap).toEqual({ seconds: 3, name: "other" });
    expect(scaleTimings(sum, 0.5).cap).toEqual({ seconds: 1.5, name: "other" });
    expect(addTimings(NO_TIMINGS, NO_TIMINGS)).not.toHaveProperty("cap");
  });

  test("an upload that took no time has no rate", () => {
    const flow = measured({}, { bytes: 0, seconds: 0 });
    expect(flow.bytesPerSecond).toBe(0);
    expect(sumOf(flow)).toBe(0);
  });
});

describe("the sentence", () => {
  test("network: with the rates of network and disk", () => {
    const { bottleneck, explanation } = measured({ network: 9.8, disk: 0.1 });
    expect(bottleneck).toBe("network");
    expect(explanation).toBe(
      "The network was the limit: 98 % of the time was spent waiting for data at 10 MB/s. The disk took it at 167 MB/s.",
    );
  });

  test("disk: the network's rate counts only the time spent waiting for it", () => {
    const { bottleneck, explanation } = measured({ disk: 8, network: 1 });
    expect(bottleneck).toBe("disk");
    expect(explanation).toBe(
      "The disk was the limit: 80 % of the time was spent waiting for it to take data at 10 MB/s. The network brought it at 100 MB/s while it was waited for.",
    );
  });

  test("sync", () => {
    const { bottleneck, explanation } = measured({ sync: 7, network: 2 });
    expect(bottleneck).toBe("sync");
    expect(explanation).toBe(
      "Syncing to the disk was the limit: 70 % of the time was spent waiting until the bytes were safe, at 10 MB/s. The network brought it at 50 MB/s while it was waited for.",
    );
  });

  test("hash", () => {
    const { bottleneck, explanation } = measured({ hash: 6, network: 1 });
    expect(bottleneck).toBe("hash");
    expect(explanation).toBe(
      "Checking the digest was the limit: 60 % of the time went into it, at 10 MB/s. The network brought it at 100 MB/s while it was waited for. The disk took it at 167 MB/s.",
    );
  });

  test("processor, when data was always available", () => {
    const { bottleneck, explanation } = measured({ network: 0.01, disk: 2 });
    expect(bottleneck).toBe("processor");
    expect(explanation).toBe(
      "This server's processor was the limit: 80 % of the time it was busy, at 10 MB/s. The network was faster: data was always there. The disk took it at 47.6 MB/s.",
    );
  });

  test("a cap, with its rate", () => {
    const { bottleneck, explanation } = measured({ cap: 9, network: 0.01 });
    expect(bottleneck).toBe("cap");
    expect(explanation).toBe(
      "The cap of this link (5 MB/s) was the limit. The network was faster: data was always there. The disk took it at 167 MB/s.",
    );
  });

  test("a cap that came closest", () => {
    expect(measured({ cap: 4, network: 3 }).explanation).toBe(
      "No single part was the limit; the cap of this link (5 MB/s) came closest: 40 % of the time was spent waiting because of it. The network brought it at 33.3 MB/s while it was waited for. The disk took it at 167 MB/s.",
    );
  });

  test("a part with less than half of the time is not called the limit", () => {
    const { bottleneck, explanation } = measured({ network: 4, disk: 3.5, sync: 2 });
    expect(bottleneck).toBe("network");
    expect(explanation).toBe(
      "No single part was the limit; the network came closest: 40 % of the time was spent waiting for data at 10 MB/s. The disk took it at 18.2 MB/s.",
    );
  });

  test.each([
    ["empty", 0, 0.012, "Saved in 12 ms."],
    ["smaller than 1 MB", 999_999, 10, "Saved in 10 s."],
    ["quicker than 100 ms", 100_000_000, 0.0994, "Saved in 100 ms."],
  ])("an upload that is %s has no more to say", (_, bytes, seconds, expected) => {
    const flow = measured({ network: seconds / 2 }, { bytes, seconds });
    expect(flow.explanation).toBe(expected);
    expect(isTelling(flow)).toBe(false);
  });

  test("an upload of 1 MB in 100 ms has", () => {
    const { explanation } = measured({ network: 0.09 }, { bytes: 1e6, seconds: 0.1 });
    expect(explanation).toStartWith("The network was the limit: 90 % ");
  });
});

test("of equal waits the network is named", () => {
  expect(bottleneckOf({ network: 1, disk: 1, sync: 1, hash: 1, other: 1 })).toBe("network");
});

test("Server-Timing names every part in milliseconds", () => {
  expect(serverTiming(measured({ network: 4, disk: 2, sync: 1, hash: 0.5 }))).toBe(
    "network;dur=4000.0, disk;dur=2000.0, sync;dur=1000.0, hash;dur=500.0, other;dur=2500.0, total;dur=10000.0",
  );
});

test("Server-Timing has the cap's part where there is one", () => {
  expect(serverTiming(measured({ network: 4, cap: 3 }), measured({}))).toBe(
    "network;dur=4000.0, disk;dur=0.0, sync;dur=0.0, hash;dur=0.0, cap;dur=3000.0, other;dur=13000.0, total;dur=20000.0",
  );
});

test("Server-Timing adds up the files of one request", () => {
  const [one, two] = [measured({ network: 4 }), measured({ network: 1, sync: 2 })];
  expect(serverTiming(one, two)).toBe(
    "network;dur=5000.0, disk;dur=0.0, sync;dur=2000.0, hash;dur=0.0, other;dur=13000.0, total;dur=20000.0",
  );
});
