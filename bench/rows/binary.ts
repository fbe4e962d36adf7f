// Group "binary": size, start and idle memory of the single file, beside the sources and the peers.

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

/** What the single file costs before anything arrives. */
export const binary: Group = {
  key: "binary",
  title: "Start, idle memory, size",
  method:
    "from the start of the process to its first answer, asked every millisecond; median of 7 starts. " +
    "RSS half a second later, children included.",
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
