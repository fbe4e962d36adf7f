// Group "health": latency of a small request during large uploads, compared with a server that discards them.

import { type Bench, type Group, largeFile, settle } from "../bench.ts";
import type { Server } from "../contestant.ts";
import { ping, type Sent, send, spanOf } from "../load.ts";
import { dropServer } from "../servers.ts";
import { type Figure, quantile, ratios, spread, target } from "../table.ts";

const UPLOADS = 4;
/** The server that discards bodies ends sooner, so the load is repeated to get as many samples. */
const DROP_TIMES = 4;

/** Latencies in milliseconds, one per round. */
interface Waits {
  p50: number[];
  p95: number[];
  p99: number[];
  worst: number[];
}

const noWaits = (): Waits => ({ p50: [], p95: [], p99: [], worst: [] });

/** Each of the four clients is a process, because a single process would divide its processor time among them. */
async function sendFromSeveral(bench: Bench, server: Server): Promise<Sent> {
  const urls = Array.from({ length: UPLOADS }, (_, index) => `${server.files}large-${index}-`);
  const sent = await Promise.all(urls.map((url) => send(bench.workspace, url, largeFile(bench))));
  bench.workspace.empty(server.root);
  return { ...spanOf(sent), answers: sent.flatMap(({ answers }) => answers) };
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
    versus: drop.name,
    other: spread(theirs[which], 1, "ms"),
    ratio: ratios(ours[which], theirs[which]),
  });
  const p95 = figure("p95", "p95");
  const bound = target(p95.ratio ?? [], "≤", 0.6, ", aim 0.3");
  return [
    figure("median", "p50"),
    { ...p95, target: bound },
    figure("p99", "p99"),
    figure("maximum", "worst"),
  ];
}

/** Latency of a small request during large uploads. */
export const health: Group = {
  key: "health",
  title: "A small request during 4 uploads of 1 GB",
  method:
    "a separate process sends `GET /health` every 5 ms on one keep-alive connection; only requests sent during the four uploads count. " +
    "Compared with `bun bench/drop-server.ts`, a Bun.serve that reads bodies and discards them.",
  run,
};
