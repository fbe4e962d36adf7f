// Group "webdav": PROPFIND of a large folder, and PUT by WebDAV beside PUT by /files.

import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { type Bench, type Group, largeFile, settle } from "../bench.ts";
import type { Server } from "../contestant.ts";
import { send, sendSmall } from "../load.ts";
import { memory, processorSeconds } from "../process.ts";
import { type Figure, mebibytes, median, ratios, spread, target } from "../table.ts";
import { processor, type Rounds, rate, runRounds, serverTrack } from "../track.ts";

const MIB = 2 ** 20;
/** Requests to small folders before the measured ones. */
const WARM = 200;
const SMALL = 4096;
/** The URLs below which files are saved. */
const PLACES = ["dav", "files"] as const;
type Place = (typeof PLACES)[number];

/** Asks for all properties of a folder and its entries. @returns the number of responses */
async function list(server: Server, folder: string): Promise<number> {
  const answer = await fetch(`${server.origin}/dav/${folder}/`, {
    method: "PROPFIND",
    headers: { depth: "1" },
  });
  if (answer.status !== 207 || answer.body === null) throw new Error(`PROPFIND answered ${answer.status}`);
  let count = 0;
  let rest = "";
  for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + piece).split("</D:response>");
    rest = parts.pop() ?? "";
    count += parts.length;
  }
  return count;
}

async function measureListing(bench: Bench): Promise<Figure[]> {
  await using server = await bench.sluice.start(bench.workspace);
  const entries = bench.quick ? 5000 : 50_000;
  for (const folder of ["small", "large"]) mkdirSync(join(server.root, folder));
  for (let number = 0; number < entries; number += 1)
    closeSync(openSync(join(server.root, "large", `IMG_${(number * 7919) % entries}.jpg`), "w"));
  for (let time = 0; time < WARM; time += 1) await list(server, "small");
  const before = memory(server.pid, "now");
  const costs: number[] = [];
  /** The growth of the peak by the end of each round. */
  const growths: number[] = [];
  for (let round = 0; round < bench.rounds; round += 1) {
    const began = processorSeconds(server.pid);
    const found = await list(server, "large");
    if (found !== entries + 1) throw new Error(`PROPFIND found ${found} of ${entries + 1} entries.`);
    costs.push(((processorSeconds(server.pid) - began) * 1e6) / entries);
    growths.push(memory(server.pid, "peak") - before);
    bench.say(`  ${round + 1} PROPFIND: ${costs.at(-1)?.toFixed(1)} µs an entry`);
  }
  const [first = Number.NaN] = growths;
  return [
    {
      name: `PROPFIND of ${entries.toLocaleString("en")} entries, processor time of each`,
      sluice: spread(costs, 1, "µs"),
      target: { text: "≤ 45 µs", met: median(costs) <= 45 },
    },
    {
      name: "peak of RSS, above a server that listed small folders (after all rounds)",
      sluice: `+${mebibytes(first)} (+${mebibytes(growths.at(-1) ?? Number.NaN)})`,
      target: { text: "≤ +64 MiB", met: first <= 64 * MIB },
    },
  ];
}

/** Large files to one server, by WebDAV and by /files alternately. */
async function measureLarge(bench: Bench): Promise<Figure[]> {
  await using server = await bench.sluice.start(bench.workspace);
  const bytes = largeFile(bench);
  const [dav, files] = PLACES.map((place) =>
    serverTrack(bench, `PUT /${place}`, server, bytes, async () => {
      const { start, end } = await send(bench.workspace, `${server.origin}/${place}/large-`, bytes);
      return (end - start) / 1000;
    }),
  );
  if (!dav || !files) return [];
  // The first uploads to a server do not count.
  for (const track of [dav, files]) await track.measure();
  await runRounds(bench, [dav, files]);
  const [rates, times] = [ratios(dav.rates, files.rates), ratios(dav.processor, files.processor)];
  const versus = "PUT /files";
  return [
    {
      name: "PUT",
      sluice: rate(dav),
      versus,
      other: rate(files),
      ratio: rates,
      target: target(rates, "≥", 0.95),
    },
    { name: "processor time, PUT", sluice: processor(dav), versus, other: processor(files), ratio: times },
  ];
}

/** Small files to one server, by WebDAV and by /files alternately; each measurement fills a new folder. */
async function measureSmall(bench: Bench): Promise<Figure> {
  await using server = await bench.sluice.start(bench.workspace);
  const files = bench.quick ? 200 : 4000;
  const found: Record<Place, Rounds> = {
    dav: { rates: [], processor: [] },
    files: { rates: [], processor: [] },
  };
  for (let round = 0; round <= bench.rounds; round += 1) {
    for (const place of round % 2 === 0 ? PLACES : PLACES.toReversed()) {
      mkdirSync(join(server.root, `${place}-${round}`));
      await settle(bench);
      const began = processorSeconds(server.pid);
      const url = `${server.origin}/${place}/${place}-${round}/`;
      const reached = await sendSmall(bench.workspace, { url, files, bytes: SMALL, connections: 8 });
      // The first round warms up.
      if (round === 0) continue;
      found[place].rates.push(reached);
      found[place].processor.push(((processorSeconds(server.pid) - began) * 1000) / files);
    }
    if (round === 0) continue;
    bench.say(
      `  ${round} PUT: ${found.dav.rates.at(-1)?.toFixed(0)}, ${found.files.rates.at(-1)?.toFixed(0)} files/s`,
    );
  }
  const show = ({ rates, processor }: Rounds): string =>
    `${spread(rates, 0, "files/s")}, ${median(processor).toFixed(2)} ms processor`;
  const ratio = ratios(found.dav.rates, found.files.rates);
  return {
    name: `${files.toLocaleString("en")} PUTs of 4 KiB, 8 concurrent`,
    sluice: show(found.dav),
    versus: "PUT /files",
    other: show(found.files),
    ratio,
    target: target(ratio, "≥", 0.95),
  };
}

/** Listings and uploads of WebDAV. */
export const webdav: Group = {
  key: "webdav",
  title: "WebDAV",
  method:
    "`PROPFIND` with `Depth: 1` and without a body, of empty files. PUTs go to the same server by `/dav` and by `/files` in turn, small ones over keep-alive connections into new folders.",
  async run(bench) {
    return [...(await measureListing(bench)), ...(await measureLarge(bench)), await measureSmall(bench)];
  },
};
