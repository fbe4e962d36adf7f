// Measures rates and processor time of servers alternately, in rounds, each on memory that dd has just freed.

import { type Bench, settle } from "./bench.ts";
import type { Server } from "./contestant.ts";
import { processorSeconds } from "./process.ts";
import { spread } from "./table.ts";

/** The cost of one measurement: duration, bytes, and processor seconds. */
export interface Cost {
  seconds: number;
  bytes: number;
  processor: number;
}

/** The results of all rounds: rates in GB/s, processor seconds per GB. */
export interface Rounds {
  rates: number[];
  processor: number[];
}

/** Something that is measured once in every round, and its results. */
export interface Track extends Rounds {
  name: string;
  measure(): Promise<Cost>;
}

/** Appends the result of a round. */
export function record({ rates, processor }: Rounds, cost: Cost): void {
  rates.push(cost.bytes / 1e9 / cost.seconds);
  processor.push((cost.processor * 1e9) / cost.bytes);
}

export function track(name: string, measure: Track["measure"]): Track {
  return { name, rates: [], processor: [], measure };
}

/** Measures uploads to a server: `send` sends `bytes` to it and returns the seconds that it took. */
export function serverTrack(
  { workspace }: Bench,
  name: string,
  server: Server,
  bytes: number,
  send: () => Promise<number>,
): Track {
  return track(name, async () => {
    const before = processorSeconds(server.pid);
    const seconds = await send();
    // Also count the work that the server does after its answer.
    await Bun.sleep(100);
    const processor = processorSeconds(server.pid) - before;
    workspace.empty(server.root);
    return { seconds, bytes, processor };
  });
}

/** The speed of the disk itself: dd, with one sync at the end. */
export function dd({ workspace, quick }: Bench): Track["measure"] {
  const count = quick ? 96 : 954;
  const folder = workspace.makeFolder("dd");
  return async () => {
    const child = workspace.spawn(
      ["dd", "if=/dev/zero", `of=${folder}/file`, "bs=1M", `count=${count}`, "conv=fdatasync"],
      { LC_ALL: "C" },
    );
    const output = await child.stderr.text();
    await child.exited;
    const seconds = Number(/copied, ([\d.e-]+) s/.exec(output)?.[1]);
    if (!seconds) throw new Error(`dd printed no rate: ${output}`);
    workspace.empty(folder);
    return {
      seconds,
      bytes: count * 2 ** 20,
      processor: Number(child.resourceUsage()?.cpuTime.total ?? 0n) / 1e6,
    };
  };
}

/** Measures all tracks one after the other, `bench.rounds` times. */
export async function runRounds(
  bench: Bench,
  tracks: readonly Track[],
  warmMemory = dd(bench),
): Promise<void> {
  for (let round = 0; round < bench.rounds; round++) {
    for (const one of tracks) {
      await settle(bench);
      // A virtual machine returns freed memory to its host, and the first use of a page costs more than writing to it. So
      // every measurement reuses the memory that this dd has just freed.
      await warmMemory();
      record(one, await one.measure());
      const { name, rates, processor } = one;
      bench.say(
        `  ${round + 1} ${name}: ${rates.at(-1)?.toFixed(2)} GB/s, ${processor.at(-1)?.toFixed(2)} s/GB`,
      );
    }
  }
}

/** Formats the rates for a table. */
export const rate = ({ rates }: Rounds) => spread(rates, 2, "GB/s");

/** Formats the processor time for a table. */
export const processor = (of: Rounds) => spread(of.processor, 2, "s/GB");
