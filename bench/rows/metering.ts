// Group "metering": what it costs to measure waits and to count, against the same server without.

import { type Bench, type Group, largeFile } from "../bench.ts";
import type { Server } from "../contestant.ts";
import { send } from "../load.ts";
import { sluiceFromSource, sluiceUnmetered } from "../servers.ts";
import { type Figure, ratios, reach } from "../table.ts";
import { processor, rate, serverTrack, type Track, takeTurns } from "../track.ts";

async function run(bench: Bench): Promise<Figure[]> {
  const { workspace } = bench;
  await using metered = await sluiceFromSource.start(workspace);
  await using unmetered = await sluiceUnmetered.start(workspace);
  const upload = (server: Server): Track =>
    serverTrack(bench, server.name, server, largeFile(bench), async () => {
      const { start, end } = await send(workspace, `${server.files}large-`, largeFile(bench));
      return (end - start) / 1000;
    });
  const [on, off] = [upload(metered), upload(unmetered)];
  for (const server of [metered, unmetered]) {
    await send(workspace, `${server.files}warm-`, 20e6);
    workspace.empty(server.root);
  }
  await takeTurns(bench, [on, off]);
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
    "one upload of 1 GB at a time. Beside it the same sources with `bun --preload bench/unmetered.ts`, which replaces the stopwatch of all waits and the counters of `/metrics` by nothing. " +
    "Both run from the sources, and the reports of the other one are wrong.",
  run,
};
