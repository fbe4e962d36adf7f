// Group "put": one large file by PUT and by form, compared with dd and with the rate and processor time of other servers.

import { type Bench, type Group, largeFile, startAll } from "../bench.ts";
import type { Server } from "../contestant.ts";
import { send } from "../load.ts";
import { dropServer } from "../servers.ts";
import { type Figure, ratios, target } from "../table.ts";
import { dd, processor, rate, runRounds, serverTrack, type Track, track } from "../track.ts";

/** Targets for the processor time, as a multiple of the other server's. */
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

  // The first upload to each server warms it up and does not count.
  for (const server of [sluice, ...peers]) {
    await send(bench.workspace, `${server.files}warm-`, 20e6);
    bench.workspace.empty(server.root);
  }
  await runRounds(bench, tracks, runDd);
  return [durable(put, disk), ...figures(put, form, others)];
}

function durable(put: Track, disk: Track): Figure {
  const ratio = ratios(put.rates, disk.rates);
  return {
    name: "PUT, durable",
    sluice: rate(put),
    versus: "dd … conv=fdatasync",
    other: rate(disk),
    ratio,
    target: target(ratio, "≥", 1),
  };
}

function figures(put: Track, form: Track, others: readonly Track[]): Figure[] {
  const toPut = ratios(form.rates, put.rates);
  return [
    {
      name: "form of one file",
      sluice: rate(form),
      versus: "PUT",
      other: rate(put),
      ratio: toPut,
      target: target(toPut, "≥", 0.9),
    },
    ...others.map((peer) => ({
      name: "PUT",
      sluice: rate(put),
      versus: peer.name,
      other: rate(peer),
      ratio: ratios(put.rates, peer.rates),
    })),
    ...others.map((peer) => processorFigure(put, peer)),
    {
      name: "processor time, form",
      sluice: processor(form),
      versus: "PUT",
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
    versus: peer.name,
    other: processor(peer),
    ratio,
    ...(bound && { target: target(ratio, "≤", bound.value, bound.aim) }),
  };
}

/** Rate and processor time of one large upload. */
export const put: Group = {
  key: "put",
  title: "One file of 1 GB",
  method:
    "one upload at a time, from a process that sends zeros from memory. Sluice answers when the file and its name are synced; the other servers do not sync. " +
    "Durable writing is compared with `dd if=/dev/zero bs=1M count=954 conv=fdatasync`. Every measurement, also that of dd, directly follows a dd of the same size and reuses " +
    "the memory that it freed, because a virtual machine's first use of a page costs more than writing to it. “Read and discard” is `bun bench/drop-server.ts`, which stores nothing. Processor time is user and system time of the server and its children.",
  run,
};
