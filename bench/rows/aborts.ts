// Group "aborts": resources that 1,000 aborted uploads leave behind.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type Bench, type Group, settle } from "../bench.ts";
import type { Server } from "../contestant.ts";
import { abort, send } from "../load.ts";
import { descriptors, memory, processorSeconds } from "../process.ts";
import { type Figure, mebibytes, median } from "../table.ts";

/** Resources that the server uses while no request runs. */
interface Holdings {
  descriptors: number;
  temporaries: number;
  memory: number;
}

const CONNECTIONS = 20;
/** Milliseconds until the garbage collector has freed the memory of ended uploads. */
const COLLECTION_TIME = 10_000;

/** Number of names below `.sluice` that did not exist when the server started. */
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

/** Polls until the server uses no more than `base`, for at most one second, which it may need to notice disconnects. */
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
  // Compiled code and buffers of the first uploads remain; the question is whether later uploads add to them.
  await send(bench.workspace, `${server.files}warm-`, bench.quick ? 100e6 : 1e9);
  await abort(bench.workspace, { url: url("warm"), uploads, connections: CONNECTIONS });
  await Bun.sleep(COLLECTION_TIME);
  const before = holdings(server, own);
  const after: Holdings[] = [];
  for (let round = 0; round < bench.rounds; round++) {
    await abort(bench.workspace, { url: url(round), uploads, connections: CONNECTIONS });
    const held = await afterwards(server, own, before);
    await Bun.sleep(COLLECTION_TIME);
    after.push({ ...held, memory: memory(server.pid, "now") });
    bench.say(
      `  ${round + 1}: ${mebibytes(held.memory)}, after 10 s ${mebibytes(memory(server.pid, "now"))}`,
    );
  }
  const idle = processorSeconds(server.pid);
  await Bun.sleep(2000);
  const idleShare = (processorSeconds(server.pid) - idle) / 2;
  bench.workspace.empty(server.root);
  await settle(bench);
  return [
    ...figures(fresh, before, after, idleShare),
    { name: "RSS, peak", sluice: mebibytes(memory(server.pid, "peak")) },
  ];
}

function figures(fresh: Holdings, before: Holdings, after: readonly Holdings[], idleShare: number): Figure[] {
  const [first = before, last = before] = [after[0], after.at(-1)];
  const ratio = after.map((each) => each.memory / before.memory);
  return [
    {
      name: "descriptors",
      sluice: after.map((each) => each.descriptors).join(", "),
      versus: "before",
      other: String(before.descriptors),
      target: { text: "unchanged", met: after.every((each) => each.descriptors <= before.descriptors) },
    },
    {
      name: "temporary files",
      sluice: after.map((each) => each.temporaries).join(", "),
      versus: "before",
      other: String(before.temporaries),
      target: { text: "0", met: after.every((each) => each.temporaries === 0) },
    },
    {
      name: "RSS",
      sluice: `${mebibytes(first.memory)}, at the end ${mebibytes(last.memory)}`,
      versus: "before (fresh)",
      other: `${mebibytes(before.memory)} (${mebibytes(fresh.memory)})`,
      ratio,
      target: { text: "within 10 %", met: median(ratio) <= 1.1 },
    },
    { name: "processor usage while idle afterwards", sluice: `${(idleShare * 100).toFixed(1)} %` },
  ];
}

/** Resources left behind by aborted uploads. */
export const aborts: Group = {
  key: "aborts",
  title: "1,000 aborted uploads",
  method:
    "uploads that declare 100 MB and disconnect after 0 bytes, 20 kB or 2 MB, half with FIN and half with RST, 20 at a time; repeated in every round. " +
    "Descriptors and files in `.sluice` are counted at most one second after the last disconnect, memory 10 seconds later. “Before” is measured after one upload of 1 GB and 1,000 aborted ones.",
  run,
};
