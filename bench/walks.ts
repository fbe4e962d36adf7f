// How many source files one request enters, and how often control changes from file to file: `bun run bench/walks.ts`.
//
// A step is recorded when a function is called, when a call returns to it, and when it resumes after `await` or `yield`.
// Work that a request starts later counts too; timers of the server and its worker threads do not. Control changes file
// when two consecutive steps are in different files of src/. The column `changes` counts calls, but not reads of getters;
// `+accessors` counts those too; `+returns` also counts returns to a caller and resumed functions.

import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { instrumentAll, RECORDER } from "./instrument.ts";
import { median } from "./table.ts";
import { callsOf, pairsOf, type Step, Trail, type Walk, walkOf } from "./trail.ts";

const HELP = `usage: bun run bench/walks.ts [options]

  --source DIR   the checkout whose src is measured (default: this one); its packages must be installed
  --json         print the table as JSON
  --trace NAME   print every step of one request, and how often control changes between which files:
                 put, patch, last, get or listing
  --help`;

/** How often each request is measured, after a first one that does not count. */
const ROUNDS = 3;
/** Milliseconds after an answer within which the server's remaining work, such as closing files, ends. */
const SETTLE_TIME = 200;
const SIZE = 1000;

/** A request to measure. `prepare` creates the files that it needs and returns a function that sends it. */
interface MeasuredRequest {
  name: string;
  title: string;
  prepare: () => Promise<() => Promise<unknown>>;
}

/** Loads `createApp` of a checkout with instrumented source, so that its servers record the steps of their requests. */
async function load(source: string, trail: Trail, stepsNow: () => Step[]) {
  const files = [...new Bun.Glob("**/*.ts").scanSync({ cwd: source, absolute: true })];
  const rewritten = await instrumentAll(files, (file) => relative(source, file));
  Object.assign(globalThis, { [RECORDER]: trail });
  Bun.plugin({
    name: "walks",
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const contents = rewritten.get(path);
        return contents === undefined ? undefined : { contents, loader: "ts" };
      });
    },
  });
  // Bun calls the server's `fetch` and the functions in `routes`, which each `reload` replaces.
  const recorded = (value: unknown): unknown => {
    if (typeof value === "function")
      return function (this: unknown, ...args: unknown[]): unknown {
        return trail.follow(stepsNow(), () => Reflect.apply(value, this, args));
      };
    if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype)
      return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, recorded(inner)]));
  };
  const recording = <T extends object>(options: T): T => {
    const { fetch, routes } = options as { fetch?: unknown; routes?: unknown };
    return { ...options, fetch: recorded(fetch), ...(routes !== undefined && { routes: recorded(routes) }) };
  };
  const { serve } = Bun;
  Object.assign(Bun, {
    serve(options: Parameters<typeof serve>[0]) {
      const server = serve(recording(options));
      const reload = server.reload.bind(server);
      server.reload = (changed) => reload(recording(changed));
      return server;
    },
  });
  const { createApp }: typeof import("../src/index.ts") = await import(join(source, "index.ts"));
  return createApp;
}

/** The requests to measure. */
function requestsTo(url: string): MeasuredRequest[] {
  let count = 0;
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const answer = await fetch(new URL(path, url), init);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${init.method ?? "GET"} ${path}: ${answer.status} ${text}`);
    return answer;
  };
  const put = (path: string) => ask(`/files/${path}`, { method: "PUT", body: new Uint8Array(SIZE) });
  const create = async (size: number): Promise<string> => {
    count += 1;
    const headers = {
      "tus-resumable": "1.0.0",
      "upload-length": String(size),
      "upload-metadata": `filename ${btoa(`tus-${count}`)}`,
    };
    const location = (await ask("/uploads", { method: "POST", headers })).headers.get("location");
    if (location === null) throw new Error("POST /uploads: no Location.");
    return location;
  };
  const patch = (location: string, offset: number) => {
    const headers = {
      "tus-resumable": "1.0.0",
      "upload-offset": String(offset),
      "content-type": "application/offset+octet-stream",
    };
    return ask(location, { method: "PATCH", headers, body: new Uint8Array(SIZE) });
  };
  const folder = async (): Promise<void> => {
    for (const name of ["one", "two", "three"]) await put(`folder/${name}`);
  };
  return [
    {
      name: "put",
      title: `PUT, ${SIZE} bytes`,
      prepare: async () => () => put(`put-${count++}`),
    },
    {
      name: "patch",
      title: "tus PATCH",
      prepare: async () => {
        const location = await create(2 * SIZE);
        return () => patch(location, 0);
      },
    },
    {
      name: "last",
      title: "tus PATCH, the last",
      prepare: async () => {
        const location = await create(2 * SIZE);
        await patch(location, 0);
        return () => patch(location, SIZE);
      },
    },
    {
      name: "get",
      title: "GET of a file",
      prepare: async () => {
        await folder();
        return () => ask("/files/folder/one");
      },
    },
    {
      name: "listing",
      title: "listing of 3 files",
      prepare: async () => {
        await folder();
        return () => ask("/api/entries?folder=folder");
      },
    },
  ];
}

/** The median of each count, and `changes` of each round. */
function medianOf(walks: readonly Walk[]): Walk & { rounds: number[] } {
  const count = (key: keyof Walk): number => median(walks.map((walk) => walk[key]));
  return {
    files: count("files"),
    changes: count("changes"),
    withAccessors: count("withAccessors"),
    withReturns: count("withReturns"),
    rounds: walks.map(({ changes }) => changes),
  };
}

function aligned(rows: readonly string[][]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}

function tracePage(steps: readonly Step[]): string {
  const lines = steps.map(({ how, file, name }) => `${how.padEnd(6)}  ${file}:${name}`);
  const pairs = (some: readonly Step[]) =>
    pairsOf(some).map(([pair, count]) => `${String(count).padStart(4)}  ${pair}`);
  return [
    ...lines,
    "\nChanges of file, calls only:",
    ...pairs(callsOf(steps)),
    "\nWith accessors:",
    ...pairs(steps.filter(({ how }) => how === "call" || how === "access")),
    "\nWith accessors and returns:",
    ...pairs(steps),
  ].join("\n");
}

const { values } = parseArgs({
  options: {
    source: { type: "string", default: join(import.meta.dir, "..") },
    json: { type: "boolean", default: false },
    trace: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
let steps: Step[] = [];
const createApp = await load(join(await realpath(resolve(values.source)), "src"), new Trail(), () => steps);
const root = await realpath(await mkdtemp(join(tmpdir(), "sluice-walks-")));
try {
  // The log is produced as usual, but not shown.
  process.stderr.write = () => true;
  const app = await createApp({ root, keepFree: 0, allow: new Set(["read", "write", "replace", "delete"]) });
  await app.modules;
  app.listen({ port: 0, hostname: "127.0.0.1" });
  const requests = requestsTo(`http://127.0.0.1:${app.server?.port}`);
  const measured =
    values.trace === undefined ? requests : requests.filter(({ name }) => name === values.trace);
  if (measured.length === 0) throw new Error(`--trace ${values.trace}is not a request.\n\n${HELP}`);
  const results = [];
  for (const { name, title, prepare } of measured) {
    const walks: Walk[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const go = await prepare();
      await Bun.sleep(SETTLE_TIME);
      steps = [];
      const own = steps;
      await go();
      await Bun.sleep(SETTLE_TIME);
      steps = [];
      if (round > 0) walks.push(walkOf(own));
      if (round === ROUNDS && values.trace !== undefined) console.log(`${tracePage(own)}\n`);
    }
    results.push({ name, title, ...medianOf(walks) });
  }
  if (values.json) console.log(JSON.stringify(results, null, 2));
  else
    console.log(
      aligned([
        ["request", "files", "changes", "+accessors", "+returns", ""],
        ...results.map(({ title, files, changes, withAccessors, withReturns, rounds }) => [
          title,
          ...[files, changes, withAccessors, withReturns].map(String),
          new Set(rounds).size === 1 ? "" : `rounds differ: ${rounds.join(" ")}`,
        ]),
      ]),
    );
  await app.stop(true);
} catch (error) {
  console.log(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
} finally {
  await rm(root, { recursive: true, force: true });
}
process.exit();
