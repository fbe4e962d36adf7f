// Group "listing": pages of large folders, changed or cached, searches of a large tree, and the latency of a small request during both.

import { closeSync, mkdirSync, openSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bench, Group } from "../bench.ts";
import type { Server } from "../contestant.ts";
import { ping } from "../load.ts";
import { memory } from "../process.ts";
import { type Figure, mebibytes, quantile } from "../table.ts";

/** Milliseconds without a change after which the server caches the order of a folder. */
const CACHE_DELAY = 2600;
const COLD = 40;
const WARM = 200;
const SEARCHES = 5;

interface Case {
  entries: number;
  cold: number;
  warm: number;
}

/** Creates files with typical names, in an order that is not the sorted one. */
function makeFolder(folder: string, entries: number): void {
  mkdirSync(folder, { recursive: true });
  const words = ["IMG_", "file ", "Report-", "photo"];
  const kinds = ["jpg", "txt", "pdf", "mp4"];
  for (let index = 0; index < entries; index++) {
    const number = (index * 7919) % entries;
    const name = `${words[number % 4]}${number}.${kinds[index % 4]}`;
    closeSync(openSync(join(folder, name), "w"));
  }
}

async function page(server: Server, query: string): Promise<number> {
  const began = performance.now();
  const answer = await fetch(`${server.origin}/api/entries?limit=1000&${query}`);
  const text = await answer.text();
  const took = performance.now() - began;
  if (answer.status !== 200) throw new Error(`The listing answered ${answer.status}: ${text.slice(0, 200)}`);
  return took;
}

async function times(count: number, step: () => Promise<number>): Promise<number[]> {
  const took: number[] = [];
  for (let time = 0; time < count; time++) took.push(await step());
  return took;
}

/** Adds or removes one name, which invalidates everything cached about the folder. */
function change(folder: string): void {
  writeFileSync(join(folder, "changed"), "");
  unlinkSync(join(folder, "changed"));
}

/** Makes empty files in folders of 1,000, two levels deep. */
function makeTree(root: string, names: number): void {
  for (let number = 0; number < names; number += 1) {
    const folder = join(root, `year ${Math.floor(number / 20_000)}`, `day ${Math.floor(number / 1000)}`);
    if (number % 1000 === 0) mkdirSync(folder, { recursive: true });
    closeSync(openSync(join(folder, `IMG_${number}.jpg`), "w"));
  }
}

/** Searches a tree for names that do not exist, so that every name is compared. */
async function measureSearch(bench: Bench, names: number): Promise<Figure[]> {
  await using server = await bench.sluice.start(bench.workspace);
  const folder = join(server.root, "tree");
  makeTree(folder, names);
  const search = async (): Promise<number> => {
    const began = performance.now();
    const answer = await fetch(`${server.origin}/api/search?query=nothing%20of%20this%20kind`);
    const text = await answer.text();
    if (!text.includes('"complete":true')) throw new Error(`The search answered ${text.slice(0, 200)}`);
    return performance.now() - began;
  };
  await search();
  const pings = ping(bench.workspace, `${server.origin}/health`);
  await Bun.sleep(300);
  const from = performance.timeOrigin + performance.now();
  const took = await times(SEARCHES, search);
  const until = performance.timeOrigin + performance.now();
  await Bun.sleep(100);
  pings.end();
  const { samples } = await pings.result;
  const waited = samples.filter(([sentAt]) => sentAt >= from && sentAt <= until).map(([, took]) => took);
  bench.workspace.remove(folder);
  const [median, p95] = [quantile(took, 0.5), quantile(waited, 0.95)];
  bench.say(`  search of ${names} names: ${median.toFixed(0)} ms`);
  return [
    {
      name: `search of ${names.toLocaleString("en")} names, median`,
      sluice: `${median.toFixed(0)} ms`,
      target: { text: "≤ 2,000 ms", met: median <= 2000 },
    },
    {
      name: "GET /health during searches, p95",
      sluice: `${p95.toFixed(1)} ms`,
      target: { text: "≤ 10 ms", met: p95 <= 10 },
    },
  ];
}

async function measure(bench: Bench, { entries, cold, warm }: Case): Promise<Figure[]> {
  await using server = await bench.sluice.start(bench.workspace);
  mkdirSync(join(server.root, "small"));
  const folder = join(server.root, "large");
  makeFolder(folder, entries);
  // Warm up: start the listing thread and let the server answer for a while.
  await times(WARM, () => page(server, "folder=small"));
  const before = memory(server.pid, "now");
  const pings = ping(bench.workspace, `${server.origin}/health`);
  await Bun.sleep(300);
  const from = performance.timeOrigin + performance.now();
  const read = await times(cold, async () => {
    change(folder);
    return await page(server, "folder=large");
  });
  await Bun.sleep(CACHE_DELAY);
  await page(server, "folder=large");
  const known = await times(warm, () => page(server, "folder=large"));
  const until = performance.timeOrigin + performance.now();
  await Bun.sleep(100);
  pings.end();
  const { samples } = await pings.result;
  const waited = samples.filter(([sentAt]) => sentAt >= from && sentAt <= until).map(([, took]) => took);
  const growth = memory(server.pid, "now") - before;
  const peak = memory(server.pid, "peak") - before;
  bench.workspace.remove(folder);
  bench.say(
    `  ${entries} entries: p95 ${quantile(read, 0.95).toFixed(1)}, ${quantile(known, 0.95).toFixed(1)} ms`,
  );
  return figures(entries, read, known, waited, growth, peak);
}

function figures(
  entries: number,
  read: readonly number[],
  known: readonly number[],
  waited: readonly number[],
  growth: number,
  peak: number,
): Figure[] {
  const of = `of ${entries.toLocaleString("en")} entries`;
  const bound = entries <= 100_000;
  const p95 = (name: string, samples: readonly number[], most: number): Figure => {
    const reached = quantile(samples, 0.95);
    return {
      name,
      sluice: `${reached.toFixed(1)} ms (median ${quantile(samples, 0.5).toFixed(1)})`,
      ...(bound && { target: { text: `≤ ${most} ms`, met: reached <= most } }),
    };
  };
  return [
    p95(`first page ${of}, changed before each request, p95`, read, 150),
    p95(`first page ${of}, unchanged, p95`, known, 20),
    p95(`GET /health during listings, p95`, waited, 10),
    {
      name: `RSS afterwards, above a server that listed small folders (peak)`,
      sluice: `+${mebibytes(growth)} (+${mebibytes(peak)})`,
      ...(bound && { target: { text: "≤ +40 MiB", met: growth <= 40 * 2 ** 20 } }),
    },
  ];
}

/** Pages of large folders, and searches. */
export const listing: Group = {
  key: "listing",
  title: "Pages of large folders",
  method:
    "`GET /api/entries?limit=1000` by name. The folder changes before each cold request, so that all its names are read again; warm requests are sent when it has not changed for 2.6 seconds. " +
    "A separate process sends `GET /health` every 5 ms. The system's directory cache is warm. " +
    "`GET /api/search` looks for a name that does not exist among files in folders of 1,000.",
  async run(bench) {
    const sizes = bench.quick ? [10_000] : [100_000, 1_000_000];
    const found: Figure[] = [];
    for (const entries of sizes) {
      const large = entries > 100_000;
      found.push(...(await measure(bench, { entries, cold: large ? 5 : COLD, warm: large ? 50 : WARM })));
    }
    found.push(...(await measureSearch(bench, bench.quick ? 20_000 : 1_000_000)));
    return found;
  },
};
