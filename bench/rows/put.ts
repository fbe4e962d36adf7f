// Group "put": one large file by PUT and by form, against dd and against the processor time of the peers.

import { type Bench, type Group, largeFile, startAll } from "../bench.ts";
import type { Server } from "../contestant.ts";
import { send } from "../load.ts";
import { dropServer } from "../servers.ts";
import { type Figure, ratios, reach } from "../table.ts";
import { dd, processor, rate, serverTrack, type Track, takeTurns, track } from "../track.ts";

/** How much processor time a peer's may be multiplied with. */
const PROCESSOR_BOUNDS: Record<string, { value: number; aim?: string }> = {
  "nginx dav": { value: 2.5, aim: ", aim 1.5" },
  copyparty: { value: 0.7 },
  dufs: { value: 0.7 },
};

function upload(bench: Bench, name: string, server: Server, form = false): Track {
  const url = server.files + (form ? "" : "large-");
  return serverTrack(bench, name, server, largeFile(bench), async () => {
    const { start, end } = await send(bench.workspace, url, largeFile(bench), { form });
    return (end - start) / 1000;
  });
}

async function run(bench: Bench): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const sluice = stack.use(await bench.sluice.start(bench.workspace));
  const peers = await startAll(bench, [dropServer, ...bench.peers], stack);
  const runDd = dd(bench);
  const disk = track("dd", runDd);
  const put = upload(bench, "PUT", sluice);
  const form = upload(bench, "form", sluice, true);
  const others = peers.map((peer) => upload(bench, peer.name, peer));
  const tracks = [disk, put, form, ...others];

  // The first upload of a server warms it up and is not counted.
  for (const server of [sluice, ...peers]) {
    await send(bench.workspace, `${server.files}warm-`, 20e6);
    bench.workspace.empty(server.root);
  }
  await takeTurns(bench, tracks, runDd);
  return [durable(put, disk), ...figures(put, form, others)];
}

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
