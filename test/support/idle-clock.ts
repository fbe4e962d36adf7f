// A clock of a thread that never works: waits count whole, whatever else the machine does.

import type { Clock } from "../../src/system/stopwatch.ts";

export const idle: Clock = {
  now: () => performance.now() / 1000,
  occupied: () => 0,
  late: () => 0,
  starved: () => new Map(),
};
