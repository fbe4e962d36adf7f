// A clock of an idle thread: waits count completely, regardless of the load of the machine.

import type { Clock } from "../../src/system/stopwatch.ts";

export const idle: Clock = {
  now: () => performance.now() / 1000,
  occupied: () => 0,
  late: () => 0,
  starved: () => new Map(),
};
