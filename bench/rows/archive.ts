// Group "archive": downloading a folder as a zip, compared with `zip -0` into a pipe and with dufs; memory and latency.

import { appendFileSync, linkSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Bench, type Group, settle } from "../bench.ts";
import type { Server } from "../contestant.ts";
import { ping } from "../load.ts";
import { memory, processorSeconds } from "../process.ts";
import { dufs } from "../servers.ts";
import { type Figure, mebibytes, quantile, ratios, spread, target } from "../table.ts";

const UNCOMPRESSED = ["--compress", "none"];
const FILES = 4;
const FOLDER = "folder";
/** As many concurrent archives as Sluice allows, each read slowly. */
const SLOW = { readers: 16, rate: "1M", seconds: 10 };

const fileSize = ({ quick }: Bench): number => (quick ? 25e6 : 500e6);

/** One way to create the zip, and its results: rates in GB/s, processor seconds per GB. */
interface Track {
  name: string;
  rates: number[];
  processor: number[];
  /** @returns the processor seconds used */
  measure(): Promise<number>;
}

function track(name: string, measure: Track["measure"]): Track {
  return { name, rates: [], processor: [], measure };
}

/** Writes random files once. @returns a function that links them into the root of a server */
function prepare(bench: Bench): (root: string) => void {
  const source = bench.workspace.makeFolder("archived");
  const piece = Buffer.concat(Array(100).fill(crypto.getRandomValues(new Uint8Array(2 ** 16))));
  const names = Array.from({ length: FILES }, (_, number) => `${number}`);
  for (const name of names)
    for (let size = 0; size < fileSize(bench); size += piece.length)
      appendFileSync(join(source, name), piece.subarray(0, fileSize(bench) - size));
  return (root) => {
    mkdirSync(join(root, FOLDER));
    for (const name of names) linkSync(join(source, name), join(root, FOLDER, name));
  };
}

async function curl({ workspace }: Bench, url: string, ...flags: string[]): Promise<void> {
  const child = workspace.spawn(["curl", "-sS", "--fail", "-o", "/dev/null", ...flags, url]);
  const output = await child.stderr.text();
  if ((await child.exited) !== 0) throw new Error(`curl failed: ${output}`);
}

const download = (bench: Bench, server: Server, url: string): Track["measure"] => {
  return async () => {
    const before = processorSeconds(server.pid);
    await curl(bench, url);
    return processorSeconds(server.pid) - before;
  };
};

function infoZip({ workspace }: Bench, root: string): Track["measure"] {
  return async () => {
    const child = workspace.spawn(["sh", "-c", `cd '${root}' && zip -q -0 -r - ${FOLDER} | cat >/dev/null`]);
    if ((await child.exited) !== 0) throw new Error(`zip failed: ${await child.stderr.text()}`);
    return Number(child.resourceUsage()?.cpuTime.total ?? 0n) / 1e6;
  };
}

const archiveOf = (server: Server): string => `${server.origin}/api/archive?folder=${FOLDER}`;

/** Peak memory with slow readers, and the latency of a small request during two fast downloads. */
async function underLoad(bench: Bench, fill: (root: string) => void): Promise<Figure[]> {
  await using server = await bench.sluice.start(bench.workspace);
  fill(server.root);
  const waits: number[] = [];
  for (let round = 0; round < bench.rounds; round += 1) {
    const pings = ping(bench.workspace, `${server.origin}/health`);
    await Bun.sleep(200);
    const start = performance.timeOrigin + performance.now();
    await Promise.all([curl(bench, archiveOf(server)), curl(bench, archiveOf(server))]);
    const end = performance.timeOrigin + performance.now();
    pings.end();
    const { samples } = await pings.result;
    waits.push(
      quantile(
        samples.filter(([sentAt]) => sentAt >= start && sentAt <= end).map(([, took]) => took),
        0.95,
      ),
    );
  }
  await using fresh = await bench.sluice.start(bench.workspace);
  fill(fresh.root);
  const idle = memory(fresh.pid, "now");
  const slowly = Array.from({ length: SLOW.readers }, () =>
    curl(bench, archiveOf(fresh), "--limit-rate", SLOW.rate, "--max-time", `${SLOW.seconds}`).catch(() => {}),
  );
  await Promise.all(slowly);
  const grown = memory(fresh.pid, "peak") - idle;
  return [
    { name: "GET /health, p95 during two archive downloads", sluice: spread(waits, 1, "ms") },
    { name: `${SLOW.readers} slow readers, peak RSS above idle`, sluice: mebibytes(grown) },
  ];
}

async function run(bench: Bench): Promise<Figure[]> {
  const fill = prepare(bench);
  const others: Track[] = [];
  const ours = track("Sluice", async () => 0);
  {
    await using stack = new AsyncDisposableStack();
    const sluice = stack.use(await bench.sluice.start(bench.workspace));
    const peer = bench.peers.includes(dufs)
      ? stack.use(await dufs.start(bench.workspace, UNCOMPRESSED))
      : null;
    const own = bench.workspace.makeFolder("zip");
    for (const root of [sluice.root, own, ...(peer ? [peer.root] : [])]) fill(root);
    ours.measure = download(bench, sluice, archiveOf(sluice));
    if (Bun.which("zip")) others.push(track("zip -0 on a pipe", infoZip(bench, own)));
    if (peer) others.push(track(peer.name, download(bench, peer, `${peer.origin}/${FOLDER}?zip`)));
    for (const { measure } of [ours, ...others]) await measure();
    const bytes = FILES * fileSize(bench);
    for (let round = 0; round < bench.rounds; round += 1)
      for (const { name, rates, processor, measure } of [ours, ...others]) {
        await settle(bench);
        const began = performance.now();
        const used = await measure();
        rates.push(bytes / 1e9 / ((performance.now() - began) / 1000));
        processor.push((used * 1e9) / bytes);
        bench.say(`  ${name}: ${rates.at(-1)?.toFixed(2)} GB/s, ${processor.at(-1)?.toFixed(2)} s/GB`);
      }
  }
  return [
    ...others.map((other): Figure => {
      const ratio = ratios(ours.rates, other.rates);
      return {
        name: "zip of 2 GB",
        sluice: spread(ours.rates, 2, "GB/s"),
        versus: other.name,
        other: spread(other.rates, 2, "GB/s"),
        ratio,
        target: target(ratio, "≥", 1),
      };
    }),
    ...others.map(
      (other): Figure => ({
        name: "processor time, zip",
        sluice: spread(ours.processor, 2, "s/GB"),
        versus: other.name,
        other: spread(other.processor, 2, "s/GB"),
        ratio: ratios(ours.processor, other.processor),
      }),
    ),
    ...(await underLoad(bench, fill)),
  ];
}

/** Archive downloads. */
export const archive: Group = {
  key: "archive",
  title: "A folder of 2 GB as a zip",
  method:
    "four files of random bytes, already in the page cache, downloaded by `curl -o /dev/null`. Sluice does not compress them; neither does `zip -q -0 -r - folder | cat >/dev/null`, nor dufs with `--compress none`. " +
    "Memory is measured with 16 readers at 1 MB/s for 10 seconds, the maximum number of concurrent archives.",
  run,
};
