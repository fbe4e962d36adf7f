// Group "resume": the cost of cutting the connection 1,000 times during the upload of one file.

import { join } from "node:path";
import { type Bench, type Group, settle } from "../bench.ts";
import type { Server } from "../contestant.ts";
import { type Resumes, resume } from "../load.ts";
import { descriptors, memory } from "../process.ts";
import { type Figure, mebibytes, quantile, spread } from "../table.ts";

const PIECE = 1_000_000;

/** One round, and the resources that the server uses right after it. */
interface Round extends Resumes {
  right: boolean;
  descriptors: number;
  memory: number;
}

async function sha256(path: string): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256");
  for await (const chunk of Bun.file(path).stream()) hash.update(chunk);
  return hash.digest("hex");
}

/** Polls until no more than `base` descriptors are open, for at most one second, which the server may need to notice cuts. */
async function descriptorsAfter({ pid }: Server, base: number): Promise<number> {
  const giveUpAt = performance.now() + 1000;
  while (descriptors(pid) > base && performance.now() < giveUpAt) await Bun.sleep(10);
  return descriptors(pid);
}

async function run(bench: Bench): Promise<Figure[]> {
  const { workspace } = bench;
  const cuts = bench.quick ? 100 : 1000;
  await using server = await bench.sluice.start(workspace);
  const order = { url: `${server.origin}/uploads`, cuts, piece: PIECE };
  // Warm up: compiled code and buffers of the first uploads remain.
  await resume(workspace, { ...order, cuts: cuts / 10 });
  workspace.empty(server.root);
  await settle(bench);
  const base = { descriptors: descriptors(server.pid), memory: memory(server.pid, "now") };
  const rounds: Round[] = [];
  for (let round = 0; round < bench.rounds; round++) {
    const resumes = await resume(workspace, order);
    const held = {
      descriptors: await descriptorsAfter(server, base.descriptors),
      memory: memory(server.pid, "now"),
    };
    const file = join(server.root, decodeURIComponent(resumes.location).replace(/^\/files\//, ""));
    rounds.push({ ...resumes, ...held, right: (await sha256(file)) === resumes.sha256 });
    bench.say(
      `  ${round + 1}: ${resumes.seconds.toFixed(2)} s, HEAD p95 ${quantile(resumes.heads, 0.95).toFixed(2)} ms`,
    );
    workspace.empty(server.root);
    await settle(bench);
  }
  return figures(rounds, base, cuts);
}

function figures(
  rounds: readonly Round[],
  base: Pick<Round, "descriptors" | "memory">,
  cuts: number,
): Figure[] {
  const heads = rounds.flatMap((round) => round.heads);
  const p95 = quantile(heads, 0.95);
  const last = rounds.at(-1)?.memory ?? Number.NaN;
  return [
    { name: "HEAD after a cut, median", sluice: `${quantile(heads, 0.5).toFixed(2)} ms` },
    {
      name: "HEAD after a cut, p95",
      sluice: `${p95.toFixed(2)} ms`,
      target: { text: "≤ 5 ms", met: p95 <= 5 },
    },
    { name: "HEAD after a cut, maximum", sluice: `${Math.max(...heads).toFixed(1)} ms` },
    {
      name: `${cuts} resumes of one file`,
      sluice: spread(
        rounds.map(({ seconds }) => seconds),
        2,
        "s",
      ),
    },
    {
      name: "one resume, including its 1 MB and 5 ms",
      sluice: spread(
        rounds.map(({ seconds }) => (seconds * 1000) / cuts),
        2,
        "ms",
      ),
    },
    {
      name: "share of bytes sent again",
      sluice: spread(
        rounds.map(({ again }) => (again / (cuts * PIECE)) * 100),
        1,
        "%",
      ),
    },
    {
      name: "files with the correct SHA-256",
      sluice: String(rounds.filter(({ right }) => right).length),
      versus: "rounds",
      other: String(rounds.length),
      target: { text: "all", met: rounds.every(({ right }) => right) },
    },
    {
      name: "descriptors",
      sluice: rounds.map((round) => round.descriptors).join(", "),
      versus: "before",
      other: String(base.descriptors),
      target: { text: "unchanged", met: rounds.every((round) => round.descriptors <= base.descriptors) },
    },
    {
      name: "RSS at the end",
      sluice: mebibytes(last),
      versus: "before",
      other: mebibytes(base.memory),
      ratio: rounds.map((round) => round.memory / base.memory),
    },
  ];
}

/** Resuming after cut connections. */
export const resumes: Group = {
  key: "resume",
  title: "1,000 resumes of one file",
  method:
    "each PATCH announces the rest of the file and is cut 5 ms after 1 MB was sent, alternately with FIN and RST; a HEAD on another connection follows immediately, and the next PATCH begins at the offset that it returns. " +
    "Every byte depends on its position, and the SHA-256 of the file is compared at the end. Descriptors are counted at most one second after the last answer.",
  run,
};
