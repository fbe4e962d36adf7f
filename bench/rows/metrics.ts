// Group "metrics": how long a scrape of /metrics takes while many uploads run.

import type { Bench, Group } from "../bench.ts";
import { ping, sendSlowly } from "../load.ts";
import { type Figure, median, quantile, spread } from "../table.ts";

/** Target for the duration of a scrape, in milliseconds. */
const BOUND = 5;
/** Interval of the requests in milliseconds: long enough that the scrapes themselves are no significant load. */
const EVERY = 50;
/** Seconds until all uploads are running. */
const START = 3;

async function run(bench: Bench): Promise<Figure[]> {
  const { quick, rounds, sluice, workspace, say } = bench;
  const [uploads, seconds] = quick ? [16, 6] : [256, 20];
  await using server = await sluice.start(workspace, ["--max-uploads", String(uploads + 1)]);
  const took: Record<string, { median: number[]; p95: number[] }> = {};
  for (let round = 1; round <= rounds; round += 1) {
    const load = sendSlowly(workspace, {
      url: `${server.files}slow-${round}-`,
      uploads,
      bytesPerSecond: 100_000,
      seconds,
    });
    await Bun.sleep(START * 1000);
    for (const path of ["/metrics", "/health"]) {
      const pings = ping(workspace, server.origin + path, { every: EVERY });
      await Bun.sleep(((seconds - START - 1) / 2) * 1000);
      pings.end();
      const times = (await pings.result).samples.map(([, milliseconds]) => milliseconds);
      took[path] ??= { median: [], p95: [] };
      took[path].median.push(quantile(times, 0.5));
      took[path].p95.push(quantile(times, 0.95));
      say(`  ${round} ${path}: ${times.length} requests, median ${quantile(times, 0.5).toFixed(1)} ms`);
    }
    const { statuses } = await load.result;
    if (statuses["201"] !== uploads)
      throw new Error(`Not all slow uploads were saved: ${JSON.stringify(statuses)}`);
    workspace.empty(server.root);
  }
  const figure = (name: string, which: "median" | "p95"): Figure => {
    const [metrics = [], health = []] = ["/metrics", "/health"].map((path) => took[path]?.[which]);
    return {
      name: `GET /metrics, ${name}`,
      sluice: spread(metrics, 1, "ms"),
      versus: "GET /health",
      other: spread(health, 1, "ms"),
      target: { text: `≤ ${BOUND} ms`, met: median(metrics) <= BOUND },
    };
  };
  return [figure("median", "median"), figure("p95", "p95")];
}

/** A scrape during many uploads. */
export const metrics: Group = {
  key: "metrics",
  title: "A scrape of /metrics during 256 uploads",
  method:
    "256 uploads at 100 kB/s each; a separate process requests `/metrics` every 50 ms on one keep-alive connection, then `/health`. The server runs with `--max-uploads 257`.",
  run,
};
