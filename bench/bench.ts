// The input and the result of a group of benchmarks.

import type { Contestant, Server } from "./contestant.ts";
import type { Figure } from "./table.ts";
import type { Workspace } from "./workspace.ts";

/** A run of the benchmarks. */
export interface Bench {
  readonly workspace: Workspace;
  /** How often each server is measured. */
  readonly rounds: number;
  /** Uses small sizes, to check that the benchmarks work; the figures mean little. */
  readonly quick: boolean;
  /** The build of Sluice that is measured. */
  readonly sluice: Contestant;
  /** The other servers that are installed. */
  readonly peers: readonly Contestant[];
  /** Prints progress for the user. */
  say(line: string): void;
}

/** A group of figures that are measured together. */
export interface Group {
  /** Its name on the command line. */
  readonly key: string;
  readonly title: string;
  /** The method of measurement, in a sentence or two. */
  readonly method: string;
  run(bench: Bench): Promise<Figure[]>;
}

/** Size of a large file in bytes. */
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
      // If a server does not start, only its own figures are missing.
      say(error instanceof Error ? error.message : String(error));
    }
  }
  return servers;
}

/** Flushes dirty pages with sync(1), so that the writes of one server do not slow the next one. */
export async function settle({ workspace }: Bench): Promise<void> {
  await workspace.spawn(["sync", "-f", workspace.folder]).exited;
}
