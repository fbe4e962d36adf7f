// Group "memory": peak resident memory of the server in the two cases that need the most.

import { type Bench, type Group, largeFile } from "../bench.ts";
import { send, sendSlowly } from "../load.ts";
import { memory } from "../process.ts";
import { type Figure, mebibytes } from "../table.ts";

const SLOW = { uploads: 500, bytesPerSecond: 100_000, seconds: 25 };
const FAST = 4;
/** Seconds until the fast uploads begin, so that the slow ones pass the first MiB of their files during them. */
const FAST_AFTER = 8;

function highest(name: string, peaks: readonly number[], limit: number): Figure {
  return {
    name,
    sluice: peaks.map(mebibytes).join(", "),
    target: { text: `≤ ${limit} MiB`, met: Math.max(...peaks) <= limit * 2 ** 20 },
  };
}

async function oneHuge(bench: Bench): Promise<Figure[]> {
  const bytes = bench.quick ? 1e9 : 10e9;
  const name = `peak RSS, one upload of ${bytes / 1e9} GB`;
  if ((await bench.workspace.free()) < bytes + 5e9)
    return [{ name, sluice: "skipped: too little free space" }];
  await using server = await bench.sluice.start(bench.workspace);
  await send(bench.workspace, `${server.files}huge-`, bytes);
  bench.workspace.empty(server.root);
  return [highest(name, [memory(server.pid, "peak")], 96)];
}

async function slowAndFast(bench: Bench): Promise<Figure[]> {
  const slow = bench.quick ? { ...SLOW, seconds: 10 } : SLOW;
  await using server = await bench.sluice.start(bench.workspace, ["--max-uploads", "600"]);
  const slowly = sendSlowly(bench.workspace, { ...slow, url: `${server.files}slow-` });
  await Bun.sleep((bench.quick ? 3 : FAST_AFTER) * 1000);
  const fast = await send(bench.workspace, `${server.files}fast-`, largeFile(bench), { connections: FAST });
  const { end, statuses } = await slowly.result;
  const peak = memory(server.pid, "peak");
  const saved = statuses["201"] ?? 0;
  bench.say(
    `  slow: ${JSON.stringify(statuses)}; the fast uploads ended ${((end - fast.end) / 1000).toFixed(1)} s before them`,
  );
  if (saved !== slow.uploads)
    throw new Error(`Not all slow uploads were saved: ${JSON.stringify(statuses)}.`);
  const seconds = (fast.end - fast.start) / 1000;
  const rate = (FAST * largeFile(bench)) / 1e9 / seconds;
  return [
    highest(`peak RSS, ${slow.uploads} slow and ${FAST} fast uploads`, [peak], 160),
    { name: "total rate of the 4 fast uploads", sluice: `${rate.toFixed(2)} GB/s` },
  ];
}

/** Peak memory. */
export const memoryPeaks: Group = {
  key: "memory",
  title: "Memory",
  method:
    "`VmHWM` of a new server process. 500 uploads at 100 kB/s run for 25 seconds; 8 seconds after their start, 4 uploads of 1 GB begin at full speed. " +
    "The server runs with `--max-uploads 600`.",
  async run(bench) {
    return [...(await oneHuge(bench)), ...(await slowAndFast(bench))];
  },
};
