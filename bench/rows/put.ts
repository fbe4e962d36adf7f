// Group "put": one large file by PUT and by form, against dd and against the processor time of the peers.

import { type Bench, type Group, largeFile, settle, startAll } from "../bench.ts";
import type { Server } from "../contestant.ts";
import { send } from "../load.ts";
import { processorSeconds } from "../process.ts";
import { dropServer } from "../servers.ts";
import { type Figure, ratios, reach, spread } from "../table.ts";

/** How much processor time a peer's may be multiplied with. */
const PROCESSOR_BOUNDS: Record<string, { value: number; aim?: string }> = {
  "nginx dav": { value: 2.5, aim: ", aim 1.5" },
  copyparty: { value: 0.7 },
  dufs: { value: 0.7 },
};

/** One thing measured in every round: rates in GB/s, processor seconds per GB. */
interface Track {
  name: string;
  rates: number[];
  processor: number[];
  measure(): Promise<{ seconds: number; bytes: number; processor: number }>;
}

function track(name: string, measure: Track["measure"]): Track {
  return { name, rates: [], processor: [], measure };
}

function upload(bench: Bench, server: Server, form: boolean): Track["measure"] {
  const bytes = largeFile(bench);
  return async () => {
    const before = processorSeconds(server.pid);
    const { start, end } = await send(bench.workspace, server.files + (form ? "" : "large-"), bytes, {
      form,
    });
    // What a server still does behind its answer counts too.
    await Bun.sleep(100);
    const processor = processorSeconds(server.pid) - before;
    bench.workspace.empty(server.root);
    return { seconds: (end - start) / 1000, bytes, processor };
  };
}

function dd({ workspace, quick }: Bench): Track["measure"] {
  const count = quick ? 96 : 954;
  const folder = workspace.makeFolder("dd");
  return async () => {
    const child = workspace.spawn(
      ["dd", "if=/dev/zero", `of=${folder}/file`, "bs=1M", `count=${count}`, "conv=fdatasync"],
      { LC_ALL: "C" },
    );
    const said = await child.stderr.text();
    await child.exited;
    const seconds = Number(/copied, ([\d.e-]+) s/.exec(said)?.[1]);
    if (!seconds) throw new Error(`dd said: ${said}`);
    workspace.empty(folder);
    return {
      seconds,
      bytes: count * 2 ** 20,
      processor: Number(child.resourceUsage()?.cpuTime.total ?? 0n) / 1e6,
    };
  };
}

async function run(bench: Bench): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const sluice = stack.use(await bench.sluice.start(bench.workspace));
  const peers = await startAll(bench, [dropServer, ...bench.peers], stack);
  const runDd = dd(bench);
  const disk = track("dd", runDd);
  const put = track("PUT", upload(bench, sluice, false));
  const form = track("form", upload(bench, sluice, true));
  const others = peers.map((peer) => track(peer.name, upload(bench, peer, false)));
  const tracks = [disk, put, form, ...others];

  // The first upload of a server warms it up and is not counted.
  for (const server of [sluice, ...peers]) {
    await send(bench.workspace, `${server.files}warm-`, 20e6);
    bench.workspace.empty(server.root);
  }
  for (let round = 0; round < bench.rounds; round++) {
    for (const { name, rates, processor, measure } of tracks) {
      await settle(bench);
      // A virtual machine gives freed memory back to its host, and using it again costs more than writing to it: every
      // turn takes over the memory that this one has just freed.
      await runDd();
      const measured = await measure();
      rates.push(measured.bytes / 1e9 / measured.seconds);
      processor.push((measured.processor * 1e9) / measured.bytes);
      bench.say(
        `  ${round + 1} ${name}: ${rates.at(-1)?.toFixed(2)} GB/s, ${processor.at(-1)?.toFixed(2)} s/GB`,
      );
    }
  }
  return [durable(put, disk), ...figures(put, form, others)];
}

const rate = ({ rates }: Track) => spread(rates, 2, "GB/s");
const processor = (of: Track) => spread(of.processor, 2, "s/GB");

function durable(put: Track, disk: Track): Figure {
  const ratio = ratios(put.rates, disk.rates);
  return {
    name: "PUT, durable",
    sluice: rate(put),
    beside: "dd … conv=fdatasync",
    other: rate(disk),
    ratio,
    reach: reach(ratio, "≥", 1),
  };
}

function figures(put: Track, form: Track, others: readonly Track[]): Figure[] {
  const toPut = ratios(form.rates, put.rates);
  return [
    {
      name: "form of one file",
      sluice: rate(form),
      beside: "PUT",
      other: rate(put),
      ratio: toPut,
      reach: reach(toPut, "≥", 0.9),
    },
    ...others.map((peer) => ({
      name: "PUT",
      sluice: rate(put),
      beside: peer.name,
      other: rate(peer),
      ratio: ratios(put.rates, peer.rates),
    })),
    ...others.map((peer) => processorFigure(put, peer)),
    {
      name: "processor time, form",
      sluice: processor(form),
      beside: "PUT",
      other: processor(put),
      ratio: ratios(form.processor, put.processor),
    },
  ];
}

function processorFigure(put: Track, peer: Track): Figure {
  const ratio = ratios(put.processor, peer.processor);
  const bound = PROCESSOR_BOUNDS[peer.name];
  return {
    name: "processor time, PUT",
    sluice: processor(put),
    beside: peer.name,
    other: processor(peer),
    ratio,
    ...(bound && { reach: reach(ratio, "≤", bound.value, bound.aim) }),
  };
}

/** Rate and processor time of one large upload. */
export const put: Group = {
  key: "put",
  title: "One file of 1 GB",
  method:
    "one upload at a time, from a process that sends zeros from memory. Sluice answers when file and name are synced; no peer syncs. " +
    "Beside it `dd if=/dev/zero bs=1M count=954 conv=fdatasync`. Each turn, also that of dd, comes right after a dd of the same size and takes over " +
    "the memory it freed: a virtual machine's first use of a page costs more than writing it. Read and drop is `bun bench/drop-server.ts`, which stores nothing. Processor time is user and system time of the server and its children.",
  run,
};
