// Sample uploads as a server reports them.

import type { ActiveUpload, EndedUpload } from "../../src/top/feed.ts";

export const EXPLANATION =
  "The network was the limit: 98 % of the time was spent waiting for data at 7 MB/s. The disk took it at 484 MB/s.";

export function arriving(path: string, more: Partial<ActiveUpload> = {}): ActiveUpload {
  return {
    id: `id-${path}`,
    path,
    size: 10_000_000,
    received: 4_000_000,
    saved: 2_000_000,
    bytesPerSecond: 1_000_000,
    bottleneck: "network",
    started: "2026-01-01T00:00:00.000Z",
    state: "receiving",
    explanation: EXPLANATION,
    ...more,
  };
}

export function ended(path: string, more: Partial<EndedUpload> = {}): EndedUpload {
  const waits = { network: 1, disk: 0, sync: 0, hash: 0, other: 1 };
  const flow = {
    bytes: 1_200_000,
    seconds: 2,
    bytesPerSecond: 600_000,
    waits,
    bottleneck: "network" as const,
  };
  return {
    id: `id-${path}`,
    path,
    outcome: "saved",
    size: 1_200_000,
    ended: "2026-01-01T00:00:00.000Z",
    flow: { ...flow, explanation: EXPLANATION },
    ...more,
  };
}
