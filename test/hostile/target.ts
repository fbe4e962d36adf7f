// A server to attack: the real program with a temporary root, next to files that must never be touched.

import { afterAll, afterEach, expect } from "bun:test";
import type { Stats } from "node:fs";
import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { connect, type RawConnection } from "../support/raw.ts";
import { until } from "../support/server.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");
const READY = /^Sluice is listening on (http:\S+) /m;

/** The content of the canary files; no response may ever contain it. */
export const CANARY = "a canary that nobody outside may see";

/** A running server. `await using` stops it and removes everything. */
export interface Target extends AsyncDisposable {
  /** Without a slash at the end. */
  url: string;
  /** The folder that contains the root and the canaries. */
  outside: string;
  /** The served folder. */
  root: string;
  pid: number;
  /** A path in the root. */
  in(...segments: string[]): string;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Connects and sends these bytes unchanged. */
  raw(bytes?: string | Uint8Array): Promise<RawConnection>;
  /** The log so far. */
  log(): string;
  /** The open descriptors of the process, sorted: sockets by their kind, others by their name. */
  descriptors(): Promise<string[]>;
  /** The processor time of the process in seconds. */
  processorSeconds(): Promise<number>;
  /** The paths of files and folders in the root, without the server's own folder. */
  files(): Promise<string[]>;
  /** The names of unfinished uploads on the disk. */
  temporaries(): Promise<string[]>;
  /** The answer of `GET /api/uploads`. */
  uploads(): Promise<unknown[]>;
  /** Checks that the server answers, no partial file is left, and nothing outside the root was touched. */
  expectUnharmed(health?: "ok" | "unwritable"): Promise<void>;
}

export interface TargetOptions {
  /** @default "all" */
  allow?: string;
  /** By default no space is kept free. */
  flags?: string[];
  /** Prepares the root before the server starts. */
  prepare?: (root: string) => Promise<void>;
}

/** Starts the program and waits until it listens. */
export async function startTarget({
  allow = "all",
  flags = [],
  prepare,
}: TargetOptions = {}): Promise<Target> {
  const outside = await realpath(await mkdtemp(join(tmpdir(), "sluice-hostile-")));
  const root = join(outside, "root");
  await mkdir(root);
  await plantCanaries(outside);
  await prepare?.(root);
  const before = await snapshot(outside, root);
  const child = Bun.spawn(
    [process.execPath, "run", MAIN, root, "--port", "0", "--allow", allow, "--keep-free", "0", ...flags],
    { stdout: "pipe", stderr: "pipe", cwd: outside, env: { PATH: process.env.PATH } },
  );
  let log = "";
  void collect(child.stderr, (text) => {
    log += text;
  });
  let output = "";
  void collect(child.stdout, (text) => {
    output += text;
  });
  await until("the server listens", () => READY.test(output) || child.exitCode !== null);
  const url = READY.exec(output)?.[1];
  if (url === undefined) throw new Error(`Sluice exited before it was ready: ${output}${log}`);

  const target: Target = {
    url,
    outside,
    root,
    pid: child.pid,
    in: (...segments) => join(root, ...segments),
    fetch: (path, init) => fetch(url + path, init),
    async raw(bytes) {
      const connection = await connect(url);
      if (bytes !== undefined) await connection.send(bytes);
      return connection;
    },
    log: () => log,
    descriptors: () => descriptorsOf(child.pid),
    processorSeconds: () => processorSecondsOf(child.pid),
    async files() {
      const found = await everythingIn(root, join(root, ".sluice"));
      return found.map(({ path }) => relative(root, path)).sort();
    },
    temporaries: () => readdir(join(root, ".sluice/uploads")),
    async uploads() {
      using connection = await this.raw(
        "GET /api/uploads HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
      );
      return JSON.parse((await connection.answer()).text).uploads;
    },
    async expectUnharmed(health = "ok") {
      using connection = await this.raw(
        "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
      );
      expect(JSON.parse((await connection.answer()).text)).toMatchObject({ status: health });
      await until("no upload runs", async () => (await this.uploads()).length === 0, 1);
      await until("no half file is left", async () => (await this.temporaries()).length === 0, 1);
      expect(await snapshot(outside, root)).toEqual(before);
      expect(log).not.toContain(" internal ");
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      await rm(outside, { recursive: true, force: true });
    },
  };
  return target;
}

/** Files next to the root: with plain names, with names that begin with the root's name, and in a folder. */
async function plantCanaries(outside: string): Promise<void> {
  await mkdir(join(outside, "folder"));
  for (const name of ["canary", "root-canary", "rootcanary", "folder/canary"])
    await writeFile(join(outside, name), CANARY);
}

/** All entries next to the root: kind, modification time and content. */
async function snapshot(outside: string, root: string): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const { path, stat } of await everythingIn(outside, root)) {
    const { ino, nlink, mode, mtimeMs } = stat;
    const text = stat.isFile() ? await readFile(path, "utf8") : "";
    found[relative(outside, path)] = { ino, nlink, mode, mtimeMs, text };
  }
  return found;
}

/** Does not follow links. */
async function everythingIn(folder: string, without: string): Promise<{ path: string; stat: Stats }[]> {
  const found: { path: string; stat: Stats }[] = [];
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (path === without) continue;
    const stat = await lstat(path);
    found.push({ path, stat });
    if (stat.isDirectory()) found.push(...(await everythingIn(path, without)));
  }
  return found;
}

async function collect(stream: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of stream) take(decoder.decode(chunk, { stream: true }));
}

async function descriptorsOf(pid: number): Promise<string[]> {
  const numbers = await readdir(`/proc/${pid}/fd`);
  const names = numbers.map((number) =>
    readlink(`/proc/${pid}/fd/${number}`).catch(() => "closed meanwhile"),
  );
  return (await Promise.all(names)).map((name) => name.replace(/:\[\d+\]$/, "")).sort();
}

/** User and system time in hundredths of a second (proc(5)). */
async function processorSecondsOf(pid: number): Promise<number> {
  const stat = await Bun.file(`/proc/${pid}/stat`).text();
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** One target for all tests of a file. Call once at its top: it adds hooks that check and empty it after each test, and stop it. */
export async function targetOfAll(): Promise<Target> {
  const server = await startTarget();
  afterEach(async () => {
    await server.expectUnharmed();
    for (const name of await server.files()) await rm(server.in(name), { recursive: true, force: true });
  });
  afterAll(() => server[Symbol.asyncDispose]());
  return server;
}
