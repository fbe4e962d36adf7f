// Group "resume": a line that is cut 1,000 times while one file arrives, and what that costs.

import { join } from "node:path";
import { type Bench, type Group, settle } from "../bench.ts";
import type { Server } from "../contestant.ts";
import { type Resumes, resume } from "../load.ts";
import { descriptors, memory } from "../process.ts";
import { type Figure, mebibytes, quantile, spread } from "../table.ts";

const PIECE = 1_000_000;

/** One round, and what the server holds right after it. */
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

/** Looks again until no descriptor is open beyond `base`, or for a second: so long it may take to notice. */
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
  // The code and the buffers of the first uploads stay.
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
      reach: { text: "≤ 5 ms", met: p95 <= 5 },
    },
    { name: "HEAD after a cut, longest", sluice: `${Math.max(...heads).toFixed(1)} ms` },
    {
      name: `${cuts} resumes of one file`,
      sluice: spread(
        rounds.map(({ seconds }) => seconds),
        2,
        "s",
      ),
    },
    {
      name: "one resume, with its 1 MB and 5 ms",
      sluice: spread(
        rounds.map(({ seconds }) => (seconds * 1000) / cuts),
        2,
        "ms",
      ),
    },
    {
      name: "sent again, of what the system had taken",
      sluice: spread(
        rounds.map(({ again }) => (again / (cuts * PIECE)) * 100),
        1,
        "%",
      ),
    },
    {
      name: "files with the right SHA-256",
      sluice: String(rounds.filter(({ right }) => right).length),
      beside: "rounds",
      other: String(rounds.length),
      reach: { text: "all", met: rounds.every(({ right }) => right) },
    },
    {
      name: "descriptors",
      sluice: rounds.map((round) => round.descriptors).join(", "),
      beside: "before",
      other: String(base.descriptors),
      reach: { text: "the same", met: rounds.every((round) => round.descriptors <= base.descriptors) },
    },
    {
      name: "RSS at the end",
      sluice: mebibytes(last),
      beside: "before",
      other: mebibytes(base.memory),
      ratio: rounds.map((round) => round.memory / base.memory),
    },
  ];
}

/** Cut connections. */
export const resumes: Group = {
  key: "resume",
  title: "1,000 resumes of one file",
  method:
    "a PATCH that announces the rest of the file is cut 5 ms after 1 MB was sent, in turn by FIN and by RST; a HEAD on another connection follows at once, and the next PATCH begins where it says. " +
    "The bytes depend on their position, and their SHA-256 is compared at the end. Descriptors are counted at most one second after the last answer.",
  run,
};
