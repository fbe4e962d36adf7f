// A contestant: a server that can be started in a folder of the workspace on a free port, awaited and stopped.

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Workspace } from "./workspace.ts";

/** A server that runs. */
export interface Server extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly origin: string;
  /** Uploads go to this URL followed by a name. */
  readonly files: string;
  /** What it serves; absolute. */
  readonly root: string;
  /** Milliseconds from the start of the process to the first answer. */
  readonly startedIn: number;
}

/** A server that can be started. */
export interface Contestant {
  readonly name: string;
  /** The command a reader can repeat, without the paths of this machine. */
  readonly command: string;
  /** What its `--version` says, or why it is not here. */
  readonly version: { readonly found: string } | { readonly missing: string };
  /** Starts it on an empty root. The caller disposes of it. */
  start(workspace: Workspace, extra?: readonly string[]): Promise<Server>;
}

/** How to start a server. */
export interface Recipe {
  name: string;
  command: string;
  /** A program on the PATH, or an absolute path. */
  program: string;
  version?: readonly string[];
  /** Path of the URL that answers at once. */
  ready: string;
  /** Path of the URL uploads go below. */
  files: string;
  /** Writes config files into `folder` and returns the arguments. */
  arguments(place: { root: string; folder: string; port: number }): readonly string[];
  env?(folder: string): Record<string, string>;
}

let starts = 0;

function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

async function firstAnswer(url: string, child: { exitCode: number | null }): Promise<void> {
  const giveUpAt = performance.now() + 20_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode} before it answered.`);
    if (performance.now() > giveUpAt) throw new Error("It did not answer within 20 seconds.");
    const answer = await fetch(url).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer) return;
    await Bun.sleep(1);
  }
}

async function drain(stream: ReadableStream<Uint8Array>): Promise<string> {
  let tail = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) tail = (tail + decoder.decode(chunk)).slice(-2000);
  return tail;
}

/** Makes a contestant of a recipe. Whether its program is installed is looked up at once. */
export function contestant(recipe: Recipe): Contestant {
  return {
    name: recipe.name,
    command: recipe.command,
    version: findVersion(recipe),
    async start(workspace, extra = []) {
      const folder = workspace.makeFolder(`${recipe.name.replaceAll(" ", "-")}-${++starts}`);
      const root = workspace.makeFolder(join(folder.slice(workspace.folder.length + 1), "root"));
      const port = freePort();
      const command = [recipe.program, ...recipe.arguments({ root, folder, port }), ...extra];
      const begun = performance.now();
      const child = workspace.spawn(command, recipe.env?.(folder));
      const said = Promise.all([drain(child.stdout), drain(child.stderr)]);
      let stopping = false;
      child.exited.then(async (code) => {
        if (!stopping)
          console.error(`${recipe.name} ended by itself with ${code}. ${(await said).join("\n")}`);
      });
      const origin = `http://127.0.0.1:${port}`;
      try {
        await firstAnswer(origin + recipe.ready, child);
      } catch (error) {
        stopping = true;
        await workspace.stop(child);
        throw new Error(`${recipe.name} does not start. ${(await said).join("\n")}`, { cause: error });
      }
      return {
        name: recipe.name,
        pid: child.pid,
        origin,
        files: origin + recipe.files,
        root,
        startedIn: performance.now() - begun,
        async [Symbol.asyncDispose]() {
          stopping = true;
          await workspace.stop(child);
          workspace.remove(folder);
        },
      };
    },
  };
}

function findVersion({ name, program, version = ["--version"] }: Recipe): Contestant["version"] {
  const path = program.includes("/") ? existsSync(program) && program : Bun.which(program);
  if (!path) return { missing: `${name} is not installed` };
  const { stdout, stderr } = Bun.spawnSync([path, ...version]);
  const found = /\d+\.\d+[.\d]*/.exec(stdout.toString() + stderr.toString());
  return { found: found?.[0] ?? "unknown version" };
}
