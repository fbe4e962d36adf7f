// Group "metering": the cost of time measurement and metrics, compared with the same server without them.

import { existsSync } from "node:fs";
import type { Bench, Group } from "../bench.ts";
import type { Server } from "../contestant.ts";
import { send } from "../load.ts";
import { sluiceFromSource, sluiceUnmetered } from "../servers.ts";
import { type Figure, ratios, target } from "../table.ts";
import { type Cost, processor, type Rounds, rate, record, serverTrack } from "../track.ts";
import { Workspace } from "../workspace.ts";

/** A file system in memory: the speed of a disk varies by ten times the effect to be measured. */
const MEMORY = "/dev/shm";
/** Uploads to each server in one round. Each round restarts both servers, because JIT compilation differs between processes. */
const PAIRS = 50;
/** Size of an upload in bytes. */
const LENGTH = 256e6;
/** Number of uploads before the measured ones. */
const WARM = 3;

/** The total cost of many uploads to one server. */
interface Sum extends Cost {
  upload(): Promise<void>;
}

function sumOf(bench: Bench, server: Server, bytes: number): Sum {
  const { measure } = serverTrack(bench, server.name, server, bytes, async () => {
    const { start, end } = await send(bench.workspace, `${server.files}large-`, bytes);
    return (end - start) / 1000;
  });
  return {
    seconds: 0,
    bytes: 0,
    processor: 0,
    async upload() {
      const cost = await measure();
      this.seconds += cost.seconds;
      this.bytes += cost.bytes;
      this.processor += cost.processor;
    },
  };
}

/** Uploads to both servers alternately; the order is swapped in every pair. */
async function alternate(bench: Bench): Promise<[metered: Cost, unmetered: Cost]> {
  const [pairs, bytes] = bench.quick ? [2, 20e6] : [PAIRS, LENGTH];
  await using metered = await sluiceFromSource.start(bench.workspace);
  await using unmetered = await sluiceUnmetered.start(bench.workspace);
  const servers = [metered, unmetered];
  for (const server of servers) for (let n = 0; n < WARM; n += 1) await sumOf(bench, server, bytes).upload();
  const [on, off] = [sumOf(bench, metered, bytes), sumOf(bench, unmetered, bytes)];
  for (let pair = 0; pair < pairs; pair += 1)
    for (const sum of pair % 2 === 0 ? [on, off] : [off, on]) await sum.upload();
  return [on, off];
}

async function run(bench: Bench): Promise<Figure[]> {
  if (!existsSync(MEMORY)) {
    bench.say(`metering is skipped: ${MEMORY} does not exist`);
    return [];
  }
  using workspace = new Workspace(MEMORY);
  if ((await workspace.free()) < 4 * LENGTH) {
    bench.say(`metering is skipped: ${MEMORY} has not enough space for four files of 256 MB`);
    return [];
  }
  const on: Rounds = { rates: [], processor: [] };
  const off: Rounds = { rates: [], processor: [] };
  for (let round = 1; round <= bench.rounds; round += 1) {
    const [metered, unmetered] = await alternate({ ...bench, workspace });
    record(on, metered);
    record(off, unmetered);
    bench.say(
      `  ${round} metered ${on.rates.at(-1)?.toFixed(3)} GB/s, unmetered ${off.rates.at(-1)?.toFixed(3)} GB/s`,
    );
  }
  const [rates, times] = [ratios(on.rates, off.rates), ratios(on.processor, off.processor)];
  return [
    {
      name: "PUT",
      sluice: rate(on),
      versus: sluiceUnmetered.name,
      other: rate(off),
      ratio: rates,
      target: target(rates, "≥", 0.98),
    },
    {
      name: "processor time, PUT",
      sluice: processor(on),
      versus: sluiceUnmetered.name,
      other: processor(off),
      ratio: times,
      target: target(times, "≤", 1.03),
    },
  ];
}

/** Rate and processor time with and without time measurement and metrics. */
export const metering: Group = {
  key: "metering",
  title: "The cost of metering",
  method:
    "each round adds up 50 uploads of 256 MB to each of two servers alternately, onto a file system in memory (`/dev/shm`). The second server is the same source with `bun --preload bench/unmetered.ts`, which disables the measurement of waits and the counters of `/metrics`, so that its reports are wrong. " +
    "Both run from source.",
  run,
};
