// Group "aborts": what 1,000 uploads that end in the middle leave behind.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type Bench, type Group, settle } from "../bench.ts";
import type { Server } from "../contestant.ts";
import { abort, send } from "../load.ts";
import { descriptors, memory, processorSeconds } from "../process.ts";
import { type Figure, mebibytes, median } from "../table.ts";

/** What the server holds when nothing is running. */
interface Holdings {
  descriptors: number;
  temporaries: number;
  memory: number;
}

const CONNECTIONS = 20;
/** Milliseconds until the collector has freed what the uploads left behind in memory. */
const REST = 10_000;

/** Names below `.sluice` that were not there when the server began. */
function temporaries(server: Server, own: ReadonlySet<string>): number {
  return names(server).filter((name) => !own.has(name)).length;
}

function names({ root }: Server): string[] {
  const folder = join(root, ".sluice");
  return existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String) : [];
}

function holdings(server: Server, own: ReadonlySet<string>): Holdings {
  return {
    descriptors: descriptors(server.pid),
    temporaries: temporaries(server, own),
    memory: memory(server.pid, "now"),
  };
}

/** Looks again until the server holds no more than `base`, or for a second: so long it may take to notice. */
async function afterwards(server: Server, own: ReadonlySet<string>, base: Holdings): Promise<Holdings> {
  const giveUpAt = performance.now() + 1000;
  for (;;) {
    const now = holdings(server, own);
    if ((now.descriptors <= base.descriptors && now.temporaries === 0) || performance.now() > giveUpAt)
      return now;
    await Bun.sleep(10);
  }
}

async function run(bench: Bench): Promise<Figure[]> {
  const uploads = bench.quick ? 100 : 1000;
  await using server = await bench.sluice.start(bench.workspace);
  const own = new Set(names(server));
  const fresh = holdings(server, own);
  const url = (round: number | string) => `${server.files}aborted-${round}-`;
  // The code and the buffers of the first uploads stay: what is asked is whether more of them add to it.
  await send(bench.workspace, `${server.files}warm-`, bench.quick ? 100e6 : 1e9);
  await abort(bench.workspace, { url: url("warm"), uploads, connections: CONNECTIONS });
  await Bun.sleep(REST);
  const before = holdings(server, own);
  const after: Holdings[] = [];
  for (let round = 0; round < bench.rounds; round++) {
    await abort(bench.workspace, { url: url(round), uploads, connections: CONNECTIONS });
    const held = await afterwards(server, own, before);
    await Bun.sleep(REST);
    after.push({ ...held, memory: memory(server.pid, "now") });
    bench.say(
      `  ${round + 1}: ${mebibytes(held.memory)}, after a rest ${mebibytes(memory(server.pid, "now"))}`,
    );
  }
  const idle = processorSeconds(server.pid);
  await Bun.sleep(2000);
  const idleShare = (processorSeconds(server.pid) - idle) / 2;
  bench.workspace.empty(server.root);
  await settle(bench);
  return [
    ...figures(fresh, before, after, idleShare),
    { name: "RSS, peak meanwhile", sluice: mebibytes(memory(server.pid, "peak")) },
  ];
}

function figures(fresh: Holdings, before: Holdings, after: readonly Holdings[], idleShare: number): Figure[] {
  const [first = before, last = before] = [after[0], after.at(-1)];
  const ratio = after.map((each) => each.memory / before.memory);
  return [
    {
      name: "descriptors",
      sluice: after.map((each) => each.descriptors).join(", "),
      beside: "before",
      other: String(before.descriptors),
      reach: { text: "the same", met: after.every((each) => each.descriptors <= before.descriptors) },
    },
    {
      name: "temporaries",
      sluice: after.map((each) => each.temporaries).join(", "),
      beside: "before",
      other: String(before.temporaries),
      reach: { text: "0", met: after.every((each) => each.temporaries === 0) },
    },
    {
      name: "RSS",
      sluice: `${mebibytes(first.memory)}, at the end ${mebibytes(last.memory)}`,
      beside: "before (fresh)",
      other: `${mebibytes(before.memory)} (${mebibytes(fresh.memory)})`,
      ratio,
      reach: { text: "within 10 %", met: median(ratio) <= 1.1 },
    },
    { name: "processor, idle afterwards", sluice: `${(idleShare * 100).toFixed(1)} %` },
  ];
}

/** Leftovers of aborted uploads. */
export const aborts: Group = {
  key: "aborts",
  title: "1,000 aborted uploads",
  method:
    "uploads that declare 100 MB and leave after 0 bytes, 20 kB or 2 MB, half with FIN and half with RST, 20 at once; again in every round. " +
    "Descriptors and files in `.sluice` are counted at most one second after the last one left, memory after a rest of 10 seconds. Before: after one upload of 1 GB and 1,000 aborted ones.",
  run,
};
