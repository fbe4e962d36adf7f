// A contestant: a server program that is started in a folder of the workspace on a free port, and stopped afterwards.

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Workspace } from "./workspace.ts";

/** A running server. */
export interface Server extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** `http://127.0.0.1:PORT`, or with https; without a slash at the end. */
  readonly origin: string;
  /** Uploads are sent to this URL followed by a name. */
  readonly files: string;
  /** Absolute path of the served folder. */
  readonly root: string;
  /** Milliseconds from the start of the process to the first answer. */
  readonly startedIn: number;
}

/** A server program that can be started. */
export interface Contestant {
  readonly name: string;
  /** The command line for the report, without paths of this machine. */
  readonly command: string;
  /** The version that `--version` prints, or why the program is missing. */
  readonly version: { readonly found: string } | { readonly missing: string };
  /**
   * Starts it. The caller must dispose it.
   * @param served an existing root, which is left when the server stops; by default a new one
   */
  start(workspace: Workspace, extra?: readonly string[], served?: string): Promise<Server>;
}

/** How to start a server. */
export interface Recipe {
  name: string;
  command: string;
  /** A program on the PATH, or an absolute path. */
  program: string;
  version?: readonly string[];
  /** URL path that is answered without work, to detect that the server is ready. */
  ready: string;
  /** URL path below which uploads are sent. */
  files: string;
  /** Writes config files into `folder` and returns the arguments. */
  arguments(place: { root: string; folder: string; port: number }): readonly string[];
  env?(folder: string): Record<string, string>;
  /** Whether it speaks TLS, with a certificate that nobody knows. */
  tls?: boolean;
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
    if (child.exitCode !== null)
      throw new Error(`The server exited with ${child.exitCode} before its first answer.`);
    if (performance.now() > giveUpAt) throw new Error("The server did not answer within 20 seconds.");
    const answer = await fetch(url, { tls: { rejectUnauthorized: false } }).catch(() => undefined);
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

/** Creates a contestant. Checks immediately whether its program is installed. */
export function contestant(recipe: Recipe): Contestant {
  return {
    name: recipe.name,
    command: recipe.command,
    version: findVersion(recipe),
    async start(workspace, extra = [], served) {
      const folder = workspace.makeFolder(`${recipe.name.replaceAll(" ", "-")}-${++starts}`);
      const root = served ?? workspace.makeFolder(join(folder.slice(workspace.folder.length + 1), "root"));
      const port = freePort();
      const command = [recipe.program, ...recipe.arguments({ root, folder, port }), ...extra];
      const begun = performance.now();
      const child = workspace.spawn(command, recipe.env?.(folder));
      const output = Promise.all([drain(child.stdout), drain(child.stderr)]);
      let stopping = false;
      child.exited.then(async (code) => {
        if (!stopping)
          console.error(`${recipe.name} exited unexpectedly with ${code}. ${(await output).join("\n")}`);
      });
      const origin = `${recipe.tls ? "https" : "http"}://127.0.0.1:${port}`;
      try {
        await firstAnswer(origin + recipe.ready, child);
      } catch (error) {
        stopping = true;
        await workspace.stop(child);
        throw new Error(`${recipe.name} does not start. ${(await output).join("\n")}`, { cause: error });
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
