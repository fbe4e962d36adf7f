// The compiled program: built once into a temporary folder, started in an empty folder with an empty environment.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const TOP = join(import.meta.dir, "../..");
const READY = /^Sluice is listening on (https?:\S+) \(root: (.*)\)$/m;

/** The path of a compiled program, and how it was built. */
export interface Binary extends AsyncDisposable {
  path: string;
  /** The output of the build. */
  built: string;
}

/**
 * Builds the program as `bun run build` does, which takes a second. With `TEST_BINARY` it uses that program instead.
 * Disposing removes the built program.
 */
export async function buildBinary(): Promise<Binary> {
  const given = process.env.TEST_BINARY;
  if (given) return { path: join(TOP, given), built: "", async [Symbol.asyncDispose]() {} };
  const folder = await mkdtemp(join(tmpdir(), "sluice-build-"));
  const path = join(folder, "sluice");
  const build = await run([process.execPath, join(TOP, "build.ts"), "--outfile", path], { cwd: folder });
  if (build.code !== 0) throw new Error(`The build failed:\n${build.stdout}${build.stderr}`);
  return { path, built: build.stdout, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

/** The current folder, the environment and the standard input of a program. No variable is inherited. */
export interface Surroundings {
  cwd: string;
  env?: Record<string, string>;
  input?: string;
}

/** The exit code and the output of a program. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program and waits until it exits. */
export async function run(words: string[], { cwd, env = {}, input = "" }: Surroundings): Promise<Ended> {
  const child = Bun.spawn(words, { cwd, env, stdin: Buffer.from(input), stdout: "pipe", stderr: "pipe" });
  const [code, stdout, stderr] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { code, stdout, stderr };
}

/** A running server. Disposing kills it if it still runs. */
export interface Serving extends AsyncDisposable {
  /** Without a slash at the end. */
  url: string;
  /** The root, as named in the first line of the output. */
  root: string;
  /** Sends a signal and waits until the server exits. `stdout` includes the first line. */
  end: (signal: NodeJS.Signals) => Promise<Ended>;
}

/** Starts a server, by default on a free port, and waits for its first line of output. */
export async function serve(
  words: string[],
  { cwd, env = {} }: Surroundings,
  port: number | string = 0,
): Promise<Serving> {
  const child = Bun.spawn([...words, "--port", String(port)], {
    cwd,
    env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    // A group of its own: `bun run start` is a process that starts the server as another one.
    detached: true,
  });
  const kill = async (): Promise<void> => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch (error) {
      // ESRCH: all of them have ended.
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
    await child.exited;
  };
  const stderr = child.stderr.text();
  let stdout = "";
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const readTo = async (enough: () => boolean): Promise<void> => {
    while (!enough()) {
      const { done, value } = await lines.read();
      if (done) return;
      stdout += value;
    }
  };
  await readTo(() => READY.test(stdout));
  const [, url, root] = READY.exec(stdout) ?? [];
  if (url === undefined || root === undefined) {
    await kill();
    throw new Error(`The server exited before it was ready: ${stdout}${await stderr}`);
  }
  return {
    url,
    root,
    async end(signal) {
      child.kill(signal);
      const code = await child.exited;
      await readTo(() => false);
      return { code, stdout, stderr: await stderr };
    },
    [Symbol.asyncDispose]: kill,
  };
}
