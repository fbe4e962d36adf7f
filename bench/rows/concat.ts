// Group "concat": concatenation of four parts of 512 MB, compared with syncing a file of the same size.

import { join } from "node:path";
import { type Bench, type Group, settle } from "../bench.ts";
import { sendByTus } from "../load.ts";
import { type Figure, ratios, spread } from "../table.ts";

const PARTS = 4;

/** Seconds of one fdatasync() of a file that was just written. */
async function sync({ workspace }: Bench, folder: string, bytes: number): Promise<number> {
  const file = join(folder, "file");
  await workspace.spawn(["dd", "if=/dev/zero", `of=${file}`, "bs=1M", `count=${Math.ceil(bytes / 2 ** 20)}`])
    .exited;
  const start = performance.now();
  const { exited } = workspace.spawn(["sync", "--data", file]);
  if ((await exited) !== 0) throw new Error("sync --data failed.");
  const seconds = (performance.now() - start) / 1000;
  workspace.empty(folder);
  return seconds;
}

async function run(bench: Bench): Promise<Figure[]> {
  const { workspace } = bench;
  const bytes = (bench.quick ? 32e6 : 512e6) * PARTS;
  await using server = await bench.sluice.start(workspace);
  const folder = workspace.makeFolder("sync");
  const [joins, syncs]: [number[], number[]] = [[], []];
  for (let round = 0; round < bench.rounds; round++) {
    await settle(bench);
    syncs.push(await sync(bench, folder, bytes));
    await settle(bench);
    joins.push(
      await sendByTus(workspace, { url: `${server.origin}/uploads`, bytes, chunk: bytes, parts: PARTS }),
    );
    workspace.empty(server.root);
    bench.say(`  ${round + 1}: ${joins.at(-1)?.toFixed(2)} s, one fdatasync ${syncs.at(-1)?.toFixed(2)} s`);
  }
  return [
    {
      name: `${PARTS} × ${bytes / PARTS / 1e6} MB, concatenated`,
      sluice: spread(joins, 2, "s"),
      versus: `one fdatasync of ${bytes / 1e9} GB`,
      other: spread(syncs, 2, "s"),
      ratio: ratios(joins, syncs),
    },
  ];
}

/** Concatenation. */
export const concat: Group = {
  key: "concat",
  title: "Concatenation of parts",
  method:
    "the final upload of a tus concatenation, from its request to its answer: copying the bytes with copy_file_range (ext4 cannot share blocks, so they are copied in memory), syncing, and naming the file. " +
    "It is compared with `sync --data` of a file that dd has just written.",
  run,
};
