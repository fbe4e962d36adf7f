// The input and the result of a group of benchmarks.

import type { Contestant, Server } from "./contestant.ts";
import type { Figure } from "./table.ts";
import type { Workspace } from "./workspace.ts";

/** A run of the benchmarks. */
export interface Bench {
  readonly workspace: Workspace;
  /** How often each contestant takes its turn. */
  readonly rounds: number;
  /** Small sizes: shows that everything works, not how fast. */
  readonly quick: boolean;
  /** The Sluice that is measured. */
  readonly sluice: Contestant;
  /** The peers that are installed. */
  readonly peers: readonly Contestant[];
  /** Prints progress for the user. */
  say(line: string): void;
}

/** Figures that are measured together. */
export interface Group {
  /** Its name on the command line. */
  readonly key: string;
  readonly title: string;
  /** What is done, in a sentence or two. */
  readonly method: string;
  run(bench: Bench): Promise<Figure[]>;
}

/** Bytes of a large file. */
export function largeFile({ quick }: Bench): number {
  return quick ? 100e6 : 1e9;
}

/** Starts several servers at once; all are stopped with the stack. */
export async function startAll(
  { workspace, say }: Bench,
  contestants: readonly Contestant[],
  stack: AsyncDisposableStack,
): Promise<Server[]> {
  const servers: Server[] = [];
  for (const contestant of contestants) {
    try {
      servers.push(stack.use(await contestant.start(workspace)));
    } catch (error) {
      // A peer that does not start costs its own figures only.
      say(error instanceof Error ? error.message : String(error));
    }
  }
  return servers;
}

/** Flushes dirty pages (sync), so that no contestant pays for the previous one's writes. */
export async function settle({ workspace }: Bench): Promise<void> {
  await workspace.spawn(["sync", "-f", workspace.folder]).exited;
}
