// Group "small": thousands of small files, in one form and by PUTs, compared with PUTs to other servers.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Bench, type Group, settle, startAll } from "../bench.ts";
import type { Server } from "../contestant.ts";
import { sendSmall } from "../load.ts";
import { processorSeconds } from "../process.ts";
import { type Figure, median, ratios, spread, target } from "../table.ts";

/** One way of uploading, and its results: files per second, processor milliseconds per file. */
interface Track {
  name: string;
  server: Server;
  form: boolean;
  rates: number[];
  processor: number[];
}

const track = (server: Server, form: boolean, name: string): Track => ({
  name,
  server,
  form,
  rates: [],
  processor: [],
});

let folders = 0;

/**
 * Every measurement fills a new folder, and nothing is removed until the end: ext4 without a journal skips every inode
 * deleted in the last minutes when it allocates one, which makes creating a file up to fifty times slower.
 */
async function measure(bench: Bench, { name, server, form, rates, processor }: Track): Promise<void> {
  const folder = `folder-${++folders}`;
  mkdirSync(join(server.root, folder));
  await settle(bench);
  const scale = bench.quick ? 0.1 : 1;
  const url = `${server.files}${folder}/`;
  const order = form
    ? { url, files: 10_000 * scale, bytes: 1024, form }
    : { url: `${url}small-`, files: 4000 * scale, bytes: 4096, connections: 8 };
  const before = processorSeconds(server.pid);
  rates.push(await sendSmall(bench.workspace, order));
  processor.push(((processorSeconds(server.pid) - before) * 1000) / order.files);
  bench.say(`  ${name}: ${rates.at(-1)?.toFixed(0)} files/s, ${processor.at(-1)?.toFixed(2)} ms/file`);
}

async function run(bench: Bench): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const sluice = stack.use(await bench.sluice.start(bench.workspace));
  const peers = await startAll(bench, bench.peers, stack);
  const form = track(sluice, true, "sluice, form");
  const puts = track(sluice, false, "sluice, PUTs");
  const others = peers.map((peer) => track(peer, false, `${peer.name}, PUTs`));
  // Warm up with a complete run each: the code of a small request is compiled only after some thousands of requests.
  for (const each of [form, puts, ...others]) await measure(bench, { ...each, rates: [], processor: [] });
  for (let round = 0; round < bench.rounds; round++) {
    for (const each of [form, puts, ...others]) await measure(bench, each);
  }
  return [form, puts].flatMap((ours) => others.map((theirs) => compare(ours, theirs)));
}

function compare(ours: Track, theirs: Track): Figure {
  const ratio = ratios(ours.rates, theirs.rates);
  const show = ({ rates, processor }: Track) =>
    `${spread(rates, 0, "files/s")}, ${`${median(processor).toFixed(2)} ms`} processor`;
  return {
    name: ours.form ? "10,000 files of 1 KiB in one form" : "4,000 PUTs of 4 KiB, 8 concurrent",
    sluice: show(ours),
    versus: theirs.name,
    other: show(theirs),
    ratio,
    ...(theirs.server.name === "nginx dav" ? { target: target(ratio, "≥", 1) } : {}),
  };
}

/** Small files. */
export const small: Group = {
  key: "small",
  title: "Small files",
  method:
    "every measurement fills a new folder; PUTs use keep-alive connections. Sluice syncs every file and its name before it answers, " +
    "the other servers sync nothing. They do not accept a form of 10,000 files through their PUT interface, so both ways of Sluice are compared with their PUTs.",
  run,
};
