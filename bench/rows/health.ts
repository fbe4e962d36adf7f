// Group "health": how long a small request waits while large files arrive, against a server that drops them.

import { type Bench, type Group, largeFile, settle } from "../bench.ts";
import type { Server } from "../contestant.ts";
import { ping, type Sent, send } from "../load.ts";
import { dropServer } from "../servers.ts";
import { type Figure, quantile, ratios, reach, spread } from "../table.ts";

const UPLOADS = 4;
/** The server that drops is done sooner: it gets the load several times, for as many samples. */
const DROP_TIMES = 4;

/** Milliseconds, one a round. */
interface Waits {
  p50: number[];
  p95: number[];
  p99: number[];
  worst: number[];
}

const noWaits = (): Waits => ({ p50: [], p95: [], p99: [], worst: [] });

/** Four clients are four processes: one alone would hand out its own processor time to them in turn. */
async function sendFromSeveral(bench: Bench, server: Server): Promise<Sent> {
  const urls = Array.from({ length: UPLOADS }, (_, index) => `${server.files}large-${index}-`);
  const sent = await Promise.all(urls.map((url) => send(bench.workspace, url, largeFile(bench))));
  bench.workspace.empty(server.root);
  return {
    start: Math.min(...sent.map(({ start }) => start)),
    end: Math.max(...sent.map(({ end }) => end)),
    answers: sent.flatMap(({ answers }) => answers),
  };
}

async function measure(bench: Bench, server: Server, waits: Waits, times = 1): Promise<void> {
  await settle(bench);
  const pings = ping(bench.workspace, `${server.origin}/health`);
  await Bun.sleep(500);
  const windows: Sent[] = [];
  for (let time = 0; time < times; time++) windows.push(await sendFromSeveral(bench, server));
  await Bun.sleep(200);
  pings.end();
  const { samples } = await pings.result;
  const during = samples
    .filter(([sentAt]) => windows.some(({ start, end }) => sentAt >= start && sentAt <= end))
    .map(([, took]) => took);
  waits.p50.push(quantile(during, 0.5));
  waits.p95.push(quantile(during, 0.95));
  waits.p99.push(quantile(during, 0.99));
  waits.worst.push(Math.max(...during));
  const [p50, p95, worst] = [waits.p50, waits.p95, waits.worst].map((series) => series.at(-1)?.toFixed(1));
  bench.say(`  ${server.name}: ${during.length} requests, p50 ${p50}, p95 ${p95}, worst ${worst} ms`);
}

async function run(bench: Bench): Promise<Figure[]> {
  await using sluice = await bench.sluice.start(bench.workspace);
  await using drop = await dropServer.start(bench.workspace);
  const ours = noWaits();
  const theirs = noWaits();
  for (const server of [sluice, drop]) await measure({ ...bench, quick: true }, server, noWaits());
  for (let round = 0; round < bench.rounds; round++) {
    await measure(bench, drop, theirs, DROP_TIMES);
    await measure(bench, sluice, ours);
  }
  const figure = (name: string, which: keyof Waits): Figure => ({
    name: `GET /health, ${name}`,
    sluice: spread(ours[which], 1, "ms"),
    beside: drop.name,
    other: spread(theirs[which], 1, "ms"),
    ratio: ratios(ours[which], theirs[which]),
  });
  const p95 = figure("p95", "p95");
  const bound = reach(p95.ratio ?? [], "≤", 0.6, ", aim 0.3");
  return [
    figure("median", "p50"),
    { ...p95, reach: bound },
    figure("p99", "p99"),
    figure("longest", "worst"),
  ];
}

/** Latency of a small request beside large uploads. */
export const health: Group = {
  key: "health",
  title: "A small request while 4 × 1 GB arrive",
  method:
    "a process of its own sends `GET /health` every 5 ms on one keep-alive connection; only requests sent while the four uploads run are counted. " +
    "Beside it `bun bench/drop-server.ts`: Bun.serve that reads bodies and drops them.",
  run,
};
