// Runs Sluice as a separate process, to test its output, its signal handling and its exit code.

import { join } from "node:path";
import type { Subprocess } from "bun";
import { until } from "./server.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");
const READY = /^Sluice is listening on (http:\/\/\S+) \(root: .*\)\n/;

/** A process. `await using` kills what still runs. */
export interface Spawned extends AsyncDisposable {
  process: Subprocess;
  /** What it wrote so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Its exit code, once it has ended and all its words have arrived. */
  exited: Promise<number>;
  signal: (name: "SIGTERM" | "SIGINT" | "SIGKILL") => void;
}

/** A process that listens. */
export interface Serving extends Spawned {
  /** Without a slash at the end. */
  url: string;
}

/** Runs the program with these words, in an environment without its own variables. */
export function spawn(...words: string[]): Spawned {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("SLUICE_")));
  const child = Bun.spawn([process.execPath, MAIN, ...words], {
    stdout: "pipe",
    stderr: "pipe",
    stdin: "ignore",
    env,
  });
  const said = { stdout: "", stderr: "" };
  const collect = async (name: "stdout" | "stderr"): Promise<void> => {
    for await (const text of child[name].pipeThrough(new TextDecoderStream())) said[name] += text;
  };
  const exited = Promise.all([child.exited, collect("stdout"), collect("stderr")]).then(([code]) => code);
  return {
    process: child,
    get stdout() {
      return said.stdout;
    },
    get stderr() {
      return said.stderr;
    },
    exited,
    signal: (name) => child.kill(name),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** Runs the program on a free port and waits until it says that it listens. */
export async function spawnServing(root: string, ...flags: string[]): Promise<Serving> {
  const spawned = spawn(root, "--port", "0", ...flags);
  let ended = false;
  void spawned.exited.then(() => {
    ended = true;
  });
  await until(`listening, not ${spawned.stderr}`, () => ended || READY.test(spawned.stdout), 20);
  const url = READY.exec(spawned.stdout)?.[1];
  if (url === undefined) throw new Error(`Ended with ${await spawned.exited}: ${spawned.stderr}`);
  return Object.defineProperties(Object.assign({ url }, spawned), Object.getOwnPropertyDescriptors(spawned));
}
