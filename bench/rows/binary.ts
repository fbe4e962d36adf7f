// Group "binary": size, start time and idle memory of the binary, compared with the sources and other servers.

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Bench, Group } from "../bench.ts";
import type { Contestant } from "../contestant.ts";
import { memory } from "../process.ts";
import { sluiceBinary, sluiceFromSource } from "../servers.ts";
import { type Figure, mebibytes, median, spread } from "../table.ts";

const BINARY = join(import.meta.dir, "../../dist/sluice");
const STARTS = 7;

async function startAndIdle({ workspace }: Bench, contestant: Contestant): Promise<Figure[]> {
  const starts: number[] = [];
  const idle: number[] = [];
  for (let turn = 0; turn < STARTS; turn++) {
    await using server = await contestant.start(workspace);
    starts.push(server.startedIn);
    await Bun.sleep(500);
    idle.push(memory(server.pid, "now"));
  }
  return [
    { name: `${contestant.name}: start to first answer`, sluice: spread(starts, 0, "ms") },
    { name: `${contestant.name}: RSS, idle`, sluice: mebibytes(median(idle)) },
  ];
}

/** The cost of the binary before its first request. */
export const binary: Group = {
  key: "binary",
  title: "Start, idle memory, size",
  method:
    "the time from the start of the process to its first answer, requested every millisecond; median of 7 starts. " +
    "RSS is measured half a second later, including children.",
  async run(bench) {
    const figures: Figure[] = existsSync(BINARY)
      ? [{ name: "size of dist/sluice", sluice: mebibytes(statSync(BINARY).size) }]
      : [{ name: "dist/sluice", sluice: "skipped: not built (`bun run build`)" }];
    for (const contestant of [sluiceBinary, sluiceFromSource, ...bench.peers]) {
      if ("missing" in contestant.version) continue;
      try {
        figures.push(...(await startAndIdle(bench, contestant)));
      } catch (error) {
        bench.say(String(error));
      }
    }
    return figures;
  },
};
