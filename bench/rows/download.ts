// Group "download": large and small files, slow readers, and latency during downloads, compared with nginx and dufs.

import { linkSync } from "node:fs";
import { join } from "node:path";
import { type Bench, type Group, largeFile, startAll } from "../bench.ts";
import type { Server } from "../contestant.ts";
import { ping, type Received, receive, receiveSmall } from "../load.ts";
import { memory, processorSeconds } from "../process.ts";
import { dufs, nginx } from "../servers.ts";
import { type Figure, mebibytes, quantile, ratios, spread, target } from "../table.ts";

const CONCURRENT = 4;
const SMALL = { names: 200, bytes: 65_536, connections: 8 };
const READERS = 100;
const READ = { bytesPerSecond: 1e6, seconds: 15 };

/** One server and its results, one sample per round. */
interface Track {
  server: Server;
  rates: number[];
  processor: number[];
  small: number[];
  waits: number[];
}

const digits = Array.from({ length: CONCURRENT }, (_, index) => index);

/** Links the same files into every root, so that the page cache serves all servers. */
async function fill(bench: Bench, servers: readonly Server[]): Promise<void> {
  const folder = bench.workspace.makeFolder("download");
  const piece = crypto.getRandomValues(new Uint8Array(65_536));
  const make = async (name: string, bytes: number): Promise<void> => {
    const writer = Bun.file(join(folder, name)).writer();
    for (let left = bytes; left > 0; left -= piece.byteLength) {
      writer.write(piece.subarray(0, Math.min(left, piece.byteLength)));
      await writer.flush();
    }
    await writer.end();
    for (const { root } of servers) linkSync(join(folder, name), join(root, name));
  };
  await make("health", 2);
  for (const index of digits) await make(`large-${index}`, largeFile(bench));
  for (let index = 0; index < SMALL.names; index++) await make(`small-${index}`, SMALL.bytes);
}

async function large(bench: Bench, { server, rates, processor }: Track): Promise<void> {
  const before = processorSeconds(server.pid);
  const { start, end, bytes } = await receive(bench.workspace, { urls: [`${server.files}large-0`] });
  rates.push(bytes / 1e6 / (end - start));
  processor.push(((processorSeconds(server.pid) - before) * 1e9) / bytes);
}

async function small(bench: Bench, { server, small: rates }: Track): Promise<void> {
  const url = `${server.files}small-`;
  rates.push(await receiveSmall(bench.workspace, { ...SMALL, url, files: bench.quick ? 2000 : 20_000 }));
}

/** Each of the four clients is a process, because a single process would divide its processor time among them. */
async function latencyUnderLoad(bench: Bench, { server, waits }: Track): Promise<void> {
  const pings = ping(bench.workspace, `${server.origin}/health`);
  await Bun.sleep(500);
  const windows: Received[] = [];
  // Repeated, to get enough samples.
  for (let time = 0; time < 4; time++)
    windows.push(
      ...(await Promise.all(
        digits.map((index) => receive(bench.workspace, { urls: [`${server.files}large-${index}`] })),
      )),
    );
  pings.end();
  const { samples } = await pings.result;
  const during = samples.filter(([at]) => windows.some(({ start, end }) => at >= start && at <= end));
  waits.push(
    quantile(
      during.map(([, took]) => took),
      0.95,
    ),
  );
}

async function readers(bench: Bench): Promise<Figure> {
  await using server = await bench.sluice.start(bench.workspace);
  await fill({ ...bench, quick: true }, [server]);
  const url = `${server.files}large-0`;
  await receive(bench.workspace, { urls: [url] });
  await Bun.sleep(1000);
  const before = memory(server.pid, "now");
  const done = receive(bench.workspace, { ...READ, urls: Array.from({ length: READERS }, () => url) });
  let highest = 0;
  const timer = setInterval(() => {
    highest = Math.max(highest, memory(server.pid, "now"));
  }, 250);
  const { bytes } = await done;
  clearInterval(timer);
  bench.say(`  ${READERS} readers took ${(bytes / 1e6 / READ.seconds).toFixed(0)} MB/s`);
  const grown = highest - before;
  return {
    name: `additional memory of ${READERS} readers at 1 MB/s`,
    sluice: `+${mebibytes(grown)}`,
    target: { text: "≤ +10 MiB", met: grown <= 10 * 2 ** 20 },
  };
}

/** The latency of small requests while digests of whole files are computed. */
async function digests(bench: Bench, { server }: Track): Promise<Figure> {
  const pings = ping(bench.workspace, `${server.origin}/health`);
  await Bun.sleep(1000);
  const now = () => performance.timeOrigin + performance.now();
  const start = now();
  const headers = { "want-repr-digest": "sha-256=1" };
  await Promise.all(
    digits.map((index) => fetch(`${server.files}large-${index}`, { method: "HEAD", headers })),
  );
  const end = now();
  pings.end();
  const { samples } = await pings.result;
  const during = samples.filter(([at]) => at >= start && at <= end).map(([, took]) => took);
  return {
    name: `small GET while ${CONCURRENT} digests are computed, p95 (maximum)`,
    sluice: `${quantile(during, 0.95).toFixed(1)} ms (${Math.max(...during).toFixed(1)})`,
  };
}

async function run(bench: Bench): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const others = bench.peers.filter((peer) => peer === nginx || peer === dufs);
  const servers = [
    stack.use(await bench.sluice.start(bench.workspace)),
    ...(await startAll(bench, others, stack)),
  ];
  await fill(bench, servers);
  const tracks = servers.map((server): Track => ({ server, rates: [], processor: [], small: [], waits: [] }));
  for (const track of tracks) await large(bench, { ...track, rates: [], processor: [] });
  for (let round = 0; round < bench.rounds; round++)
    for (const track of tracks) {
      await large(bench, track);
      await small(bench, track);
      if (track.server.name !== dufs.name) await latencyUnderLoad(bench, track);
      bench.say(
        `  ${round + 1} ${track.server.name}: ${track.rates.at(-1)?.toFixed(2)} GB/s, ${track.processor.at(-1)?.toFixed(2)} s/GB, ${track.small.at(-1)?.toFixed(0)} small/s, p95 ${track.waits.at(-1)?.toFixed(1)} ms`,
      );
    }
  const [ours, ...theirs] = tracks;
  if (!ours) return [];
  const waits = await digests(bench, ours);
  return [...theirs.flatMap((other) => figures(ours, other)), waits, await readers(bench)];
}

function figures(ours: Track, other: Track): Figure[] {
  const line = (
    name: string,
    of: (track: Track) => number[],
    [digitsShown, unit]: [number, string],
    bound?: "≥" | "≤",
  ): Figure => {
    const ratio = ratios(of(ours), of(other));
    return {
      name,
      sluice: spread(of(ours), digitsShown, unit),
      versus: other.server.name,
      other: spread(of(other), digitsShown, unit),
      ratio,
      ...(bound && { target: target(ratio, bound, 1) }),
    };
  };
  const isNginx = other.server.name === nginx.name;
  return [
    line("GET, one large file", ({ rates }) => rates, [2, "GB/s"], isNginx ? "≥" : undefined),
    line("processor time, one large file", ({ processor }) => processor, [2, "s/GB"]),
    line("GET, files of 64 KiB per second", ({ small: rates }) => rates, [0, ""]),
    ...(isNginx ? [line("small GET during downloads, p95", ({ waits }) => waits, [1, "ms"], "≤")] : []),
  ];
}

/** Downloads. */
export const download: Group = {
  key: "download",
  title: "Downloads",
  method:
    "files in the page cache, received by processes that discard them: 1 GB on one connection; 200 files of 64 KiB, repeatedly, on 8 keep-alive connections; " +
    "`GET /health` every 5 ms (nginx: a file of two bytes) while four processes download 1 GB each, four times; 100 readers at 1 MB/s in one process for 15 seconds.",
  run,
};
