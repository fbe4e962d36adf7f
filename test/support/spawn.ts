// Runs Sluice as a separate process, to test its output, its signal handling and its exit code.

import { join } from "node:path";
import type { Subprocess } from "bun";
import { until } from "./server.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");
const READY = /^Sluice is listening on (https?:\/\/\S+) \(root: .*\)\n/;

/** A process. `await using` kills it if it still runs. */
export interface Spawned extends AsyncDisposable {
  process: Subprocess;
  /** The output so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** The exit code; resolves when the process has exited and its output is complete. */
  exited: Promise<number>;
  signal: (name: "SIGTERM" | "SIGINT" | "SIGKILL" | "SIGHUP") => void;
}

/** A process that listens for requests. */
export interface Serving extends Spawned {
  /** Without a slash at the end. */
  url: string;
}

/** Runs the program with these arguments, in an environment without SLUICE_ variables. */
export function spawn(...argv: string[]): Spawned {
  return spawnAs(process.geteuid?.() ?? 0, ...argv);
}

/** The user id of the user nobody. */
export const NOBODY = 65_534;

/** Why the program cannot run as the user nobody, or `null` if it can. */
export async function whyNotNobody(): Promise<string | null> {
  if (process.geteuid?.() !== 0) return "needs root";
  try {
    await using spawned = spawnAs(NOBODY, "--version");
    return (await spawned.exited) === 0 ? null : `another user cannot run the program: ${spawned.stderr}`;
  } catch (error) {
    return `another user cannot run the program: ${error}`;
  }
}

/** Runs the program as another user, which needs root. */
export function spawnAs(uid: number, ...argv: string[]): Spawned {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("SLUICE_")));
  const child = Bun.spawn([process.execPath, MAIN, ...argv], {
    stdout: "pipe",
    stderr: "pipe",
    stdin: "ignore",
    env,
    ...(uid !== process.geteuid?.() && { uid, gid: uid }),
  });
  const output = { stdout: "", stderr: "" };
  const collect = async (name: "stdout" | "stderr"): Promise<void> => {
    for await (const text of child[name].pipeThrough(new TextDecoderStream())) output[name] += text;
  };
  const exited = Promise.all([child.exited, collect("stdout"), collect("stderr")]).then(([code]) => code);
  return {
    process: child,
    get stdout() {
      return output.stdout;
    },
    get stderr() {
      return output.stderr;
    },
    exited,
    signal: (name) => child.kill(name),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** Runs the program on a free port and waits until it prints that it listens. */
export async function spawnServing(root: string, ...flags: string[]): Promise<Serving> {
  return await listening(spawn(root, "--port", "0", ...flags));
}

/** Waits until the program says that it listens. */
export async function listening(spawned: Spawned): Promise<Serving> {
  let ended = false;
  void spawned.exited.then(() => {
    ended = true;
  });
  await until(`listening, not ${spawned.stderr}`, () => ended || READY.test(spawned.stdout), 20);
  const url = READY.exec(spawned.stdout)?.[1];
  if (url === undefined) throw new Error(`Exited with ${await spawned.exited}: ${spawned.stderr}`);
  return Object.defineProperties(Object.assign({ url }, spawned), Object.getOwnPropertyDescriptors(spawned));
}
