// Measures rates and processor time of contestants in turn, in rounds, each on memory that a dd has just freed.

import { type Bench, settle } from "./bench.ts";
import type { Server } from "./contestant.ts";
import { processorSeconds } from "./process.ts";
import { spread } from "./table.ts";

/** What one turn took: processor time in seconds, too. */
export interface Taken {
  seconds: number;
  bytes: number;
  processor: number;
}

/** What turns came to, one a round: rates in GB/s, processor seconds per GB. */
export interface Rounds {
  rates: number[];
  processor: number[];
}

/** One thing measured in every round. */
export interface Track extends Rounds {
  name: string;
  measure(): Promise<Taken>;
}

/** Puts down what a turn took. */
export function record({ rates, processor }: Rounds, taken: Taken): void {
  rates.push(taken.bytes / 1e9 / taken.seconds);
  processor.push((taken.processor * 1e9) / taken.bytes);
}

export function track(name: string, measure: Track["measure"]): Track {
  return { name, rates: [], processor: [], measure };
}

/** What a server takes and costs: `send` brings `bytes` to it and returns how many seconds that took. */
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
    // What a server still does behind its answer counts too.
    await Bun.sleep(100);
    const processor = processorSeconds(server.pid) - before;
    workspace.empty(server.root);
    return { seconds, bytes, processor };
  });
}

/** The yardstick of the disk: dd, with one sync at the end. */
export function dd({ workspace, quick }: Bench): Track["measure"] {
  const count = quick ? 96 : 954;
  const folder = workspace.makeFolder("dd");
  return async () => {
    const child = workspace.spawn(
      ["dd", "if=/dev/zero", `of=${folder}/file`, "bs=1M", `count=${count}`, "conv=fdatasync"],
      { LC_ALL: "C" },
    );
    const said = await child.stderr.text();
    await child.exited;
    const seconds = Number(/copied, ([\d.e-]+) s/.exec(said)?.[1]);
    if (!seconds) throw new Error(`dd said: ${said}`);
    workspace.empty(folder);
    return {
      seconds,
      bytes: count * 2 ** 20,
      processor: Number(child.resourceUsage()?.cpuTime.total ?? 0n) / 1e6,
    };
  };
}

/** Measures everything in turn, `bench.rounds` times. */
export async function takeTurns(bench: Bench, tracks: readonly Track[], before = dd(bench)): Promise<void> {
  for (let round = 0; round < bench.rounds; round++) {
    for (const one of tracks) {
      await settle(bench);
      // A virtual machine gives freed memory back to its host, and using it again costs more than writing to it: every
      // turn takes over the memory that this one has just freed.
      await before();
      record(one, await one.measure());
      const { name, rates, processor } = one;
      bench.say(
        `  ${round + 1} ${name}: ${rates.at(-1)?.toFixed(2)} GB/s, ${processor.at(-1)?.toFixed(2)} s/GB`,
      );
    }
  }
}

/** Its rates, for a table. */
export const rate = ({ rates }: Rounds) => spread(rates, 2, "GB/s");

/** Its processor time, for a table. */
export const processor = (of: Rounds) => spread(of.processor, 2, "s/GB");
