// Runs Sluice as a separate process that serves a new folder on a free port.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MAIN = join(import.meta.dir, "../../src/main.ts");
const READY = /^Sluice is listening on (http:\S+) \(root: (.*)\)$/m;

/** A running server. `await using` stops it and removes its folder. */
export interface Program extends AsyncDisposable {
  /** Without a slash at the end. */
  url: string;
  /** The served folder. */
  root: string;
  /** Reads a file in the served folder as text. */
  read: (path: string) => Promise<string>;
}

/** Starts `src/main.ts` and waits until it prints that it is ready. */
export async function startProgram(flags: string[] = []): Promise<Program> {
  const root = await mkdtemp(join(tmpdir(), "sluice-root-"));
  const child = Bun.spawn([process.execPath, "run", MAIN, root, "--port", "0", ...flags], {
    stdout: "pipe",
    stderr: "ignore",
  });
  async function stop() {
    child.kill();
    await child.exited;
    await rm(root, { recursive: true });
  }
  let output = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    output += chunk;
    const url = READY.exec(output)?.[1];
    if (url === undefined) continue;
    return { url, root, read: (path) => Bun.file(join(root, path)).text(), [Symbol.asyncDispose]: stop };
  }
  await stop();
  throw new Error(`Sluice exited before it was ready: ${output}`);
}
