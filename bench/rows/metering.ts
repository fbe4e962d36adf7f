// Group "metering": what it costs to measure waits and to count, against the same server without.

import { existsSync } from "node:fs";
import type { Bench, Group } from "../bench.ts";
import type { Server } from "../contestant.ts";
import { send } from "../load.ts";
import { sluiceFromSource, sluiceUnmetered } from "../servers.ts";
import { type Figure, ratios, reach } from "../table.ts";
import { processor, type Rounds, rate, record, serverTrack, type Taken } from "../track.ts";
import { Workspace } from "../workspace.ts";

/** A file system in memory: what the speed of a disk varies from one file to the next is ten times what is looked for. */
const MEMORY = "/dev/shm";
/** Uploads to each server in one round. Each round starts both anew, since no two processes are compiled alike. */
const PAIRS = 50;
/** Bytes of an upload. */
const LENGTH = 256e6;
/** Uploads before those that are measured. */
const WARM = 3;

/** Many uploads to one server, added up. */
interface Sum extends Taken {
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
      const taken = await measure();
      this.seconds += taken.seconds;
      this.bytes += taken.bytes;
      this.processor += taken.processor;
    },
  };
}

/** Uploads to both servers in turn; who is first in one pair is second in the next. */
async function alternate(bench: Bench): Promise<[metered: Taken, unmetered: Taken]> {
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
    bench.say(`no metering: there is no ${MEMORY}`);
    return [];
  }
  using workspace = new Workspace(MEMORY);
  if ((await workspace.free()) < 4 * LENGTH) {
    bench.say(`no metering: ${MEMORY} has no room for a few files of 256 MB`);
    return [];
  }
  const on: Rounds = { rates: [], processor: [] };
  const off: Rounds = { rates: [], processor: [] };
  for (let turn = 1; turn <= bench.rounds; turn += 1) {
    const [metered, unmetered] = await alternate({ ...bench, workspace });
    record(on, metered);
    record(off, unmetered);
    bench.say(
      `  ${turn} metered ${on.rates.at(-1)?.toFixed(3)} GB/s, unmetered ${off.rates.at(-1)?.toFixed(3)} GB/s`,
    );
  }
  const [rates, times] = [ratios(on.rates, off.rates), ratios(on.processor, off.processor)];
  return [
    {
      name: "PUT",
      sluice: rate(on),
      beside: sluiceUnmetered.name,
      other: rate(off),
      ratio: rates,
      reach: reach(rates, "≥", 0.98),
    },
    {
      name: "processor time, PUT",
      sluice: processor(on),
      beside: sluiceUnmetered.name,
      other: processor(off),
      ratio: times,
      reach: reach(times, "≤", 1.03),
    },
  ];
}

/** Rate and processor time with and without meters. */
export const metering: Group = {
  key: "metering",
  title: "The cost of metering",
  method:
    "in each round 50 uploads of 256 MB to each of two servers in turn, onto a file system in memory (`/dev/shm`), added up. Beside Sluice the same sources with `bun --preload bench/unmetered.ts`, which replaces the stopwatch of all waits and the counters of `/metrics` by nothing. " +
    "Both run from the sources, and the reports of the other one are wrong.",
  run,
};
