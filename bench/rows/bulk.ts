// Group "bulk": latency of a PUT of one byte during removals of large folders and concatenations of large parts.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bench, type Group, settle } from "../bench.ts";
import type { Server } from "../contestant.ts";
import { ping } from "../load.ts";
import { type Figure, quantile, ratios, spread, target } from "../table.ts";

const REMOVALS = 2;
const FINALS = 2;
const PARTS = 4;
const FOLDERS = 100;
const IDLE_MS = 5000;
const TUS = { "tus-resumable": "1.0.0" };

const files = ({ quick }: Bench): number => (quick ? 5_000 : 100_000);
const finalBytes = ({ quick }: Bench): number => (quick ? 64 : 2048) * 1024 * 1024;

function makeTree(bench: Bench, at: string): void {
  for (let folder = 0; folder < FOLDERS; folder++) {
    mkdirSync(join(at, `d${folder}`), { recursive: true });
    for (let file = 0; file < files(bench) / FOLDERS; file++)
      writeFileSync(join(at, `d${folder}`, `f${file}`), "x");
  }
}

async function expectStatus(status: number, answer: Promise<Response>): Promise<Response> {
  const got = await answer;
  if (got.status !== status) throw new Error(`The answer is ${got.status}: ${await got.text()}`);
  return got;
}

/** Sends the parts of a file; returns the URLs of them. */
async function sendParts(bench: Bench, server: Server): Promise<string[]> {
  const bytes = finalBytes(bench) / PARTS;
  const urls: string[] = [];
  for (let part = 0; part < PARTS; part++) {
    const headers = { ...TUS, "upload-length": String(bytes), "upload-concat": "partial" };
    const made = await expectStatus(201, fetch(`${server.origin}/uploads`, { method: "POST", headers }));
    const url = made.headers.get("location") ?? "";
    const patch = { ...TUS, "upload-offset": "0", "content-type": "application/offset+octet-stream" };
    const body = new Uint8Array(bytes);
    await expectStatus(204, fetch(server.origin + url, { method: "PATCH", headers: patch, body }));
    urls.push(url);
  }
  return urls;
}

/** Removes the folders and concatenates the parts, all at the same time. */
async function work({ origin, files: url }: Server, finals: readonly string[][]): Promise<void> {
  const removals = Array.from({ length: REMOVALS }, (_, tree) =>
    expectStatus(204, fetch(`${url}tree-${tree}?recursive=true`, { method: "DELETE" })),
  );
  const joins = finals.map((parts) => {
    const headers = { ...TUS, "upload-concat": `final;${parts.join(" ")}` };
    return expectStatus(201, fetch(`${origin}/uploads`, { method: "POST", headers }));
  });
  await Promise.all([...removals, ...joins]);
}

async function run(bench: Bench): Promise<Figure[]> {
  const { workspace } = bench;
  const [idle, busy, worst, seconds]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let round = 0; round < bench.rounds; round++) {
    await using server = await bench.sluice.start(workspace);
    for (let tree = 0; tree < REMOVALS; tree++) makeTree(bench, join(server.root, `tree-${tree}`));
    const finals: string[][] = [];
    for (let final = 0; final < FINALS; final++) finals.push(await sendParts(bench, server));
    await settle(bench);
    const pings = ping(workspace, `${server.files}ping-`, { put: true });
    await Bun.sleep(IDLE_MS);
    const began = performance.timeOrigin + performance.now();
    await work(server, finals);
    const ended = performance.timeOrigin + performance.now();
    pings.end();
    const { samples } = await pings.result;
    const took = (from: number, to: number): number[] =>
      samples.filter(([at]) => at >= from && at <= to).map(([, time]) => time);
    const during = took(began, ended);
    // The first half second warms the server up.
    idle.push(quantile(took(began - IDLE_MS + 500, began - 100), 0.95));
    busy.push(quantile(during, 0.95));
    worst.push(Math.max(...during));
    seconds.push((ended - began) / 1000);
    const [p95, before, longest] = [busy, idle, worst].map((series) => series.at(-1)?.toFixed(1));
    bench.say(
      `  ${during.length} PUTs in ${seconds.at(-1)?.toFixed(1)} s: p95 ${p95} ms, idle ${before} ms, worst ${longest} ms`,
    );
  }
  const ratio = ratios(busy, idle);
  return [
    {
      name: "PUT of one byte, p95",
      sluice: spread(busy, 1, "ms"),
      versus: "the same server, idle",
      other: spread(idle, 1, "ms"),
      ratio,
      target: target(ratio, "≤", 4),
    },
    {
      name: "PUT of one byte, maximum",
      sluice: spread(worst, 0, "ms"),
      target: { text: "≤ 500 ms", met: Math.max(...worst) <= 500 },
    },
    { name: "all four completed", sluice: spread(seconds, 1, "s") },
  ];
}

/** Latency of a small upload during bulk work. */
export const bulk: Group = {
  key: "bulk",
  title: "A small upload during removals and concatenations",
  method:
    "a separate process saves a file of one byte every 5 ms, first on an idle server, then while two folders of 100,000 files are removed and two final uploads of 4 × 512 MiB are concatenated, all at the same time.",
  run,
};
