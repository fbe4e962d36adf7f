// The test setup: two servers, one on a throttled disk and one in memory, a client in its own network, and limits for all of them.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FlowReport } from "../../src/core/report/flow-report.ts";
import { type Line, openLine } from "./line.ts";
import { type Program, start } from "./program.ts";
import { system, whyNot } from "./system.ts";
import { openVolume, type Volume, whyNoVolume } from "./volume.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");
const RELAY = join(import.meta.dir, "relay.ts");
const READY = /^Sluice is listening on (http:\S+) /;
const VOLUME = 3e9;
const SENDER = 100e6;
/** The server has a processor of its own, so that it never waits because of the client's load. */
const SERVER = ["taskset", "-c", "0"];
const OTHERS = ["taskset", "-c", "1"];

/** The control groups (version 1) for processors. */
const PROCESSOR = "/sys/fs/cgroup/cpu";

/** Why the processor time of servers cannot be limited here, `null` if it can. */
function whyNoQuota(): string | null {
  return existsSync(`${PROCESSOR}/cpu.cfs_quota_us`) ? null : "there are no processor quotas (cgroup v1)";
}

/** Why the setup is impossible here, `null` if it is possible. */
export function whyNoStand(): string | null {
  return whyNot() ?? whyNoVolume() ?? whyNoQuota();
}

/** The storage of the server. */
export type Place = "volume" | "memory";

/** The running setup. `await using` removes it. */
export interface Stand extends AsyncDisposable {
  readonly line: Line;
  readonly volume: Volume;
  /** The disk of the client. */
  readonly sender: Volume;
  /** The server's URL, as the client reaches it. */
  url(place: Place): string;
  /** Runs a command on the client. @returns its output. @throws Error if it fails */
  run(...command: string[]): Promise<string>;
  /** Starts a relay on the client; its first line is its port. */
  relay(place: Place, ...options: string[]): Promise<Program>;
  /** Starts programs that use the server's processor, so that the server gets only a share of it. */
  burden(programs: number): AsyncDisposable;
  /** Limits the servers to this part of one processor, like the limit of a container. */
  quota(part: number): Disposable;
  /** The report of a saved file. */
  reportOf(path: string): Promise<FlowReport>;
  /** Removes all files, so that the next one has the same space, and reuses recently used memory. */
  empty(): void;
}

export async function openStand(): Promise<Stand> {
  await using stack = new AsyncDisposableStack();
  const line = stack.use(openLine());
  const volume = stack.use(openVolume(VOLUME));
  const sender = stack.use(openVolume(SENDER));
  const memory = mkdtempSync("/dev/shm/sluice-shaped-");
  stack.defer(() => rmSync(memory, { recursive: true, force: true }));
  const log: string[] = [];
  const servers: Program[] = [];
  const urls: Record<Place, string> = { volume: "", memory: "" };
  const roots: [Place, string][] = [
    ["volume", join(volume.folder, "root")],
    ["memory", memory],
  ];
  for (const [place, root] of roots) {
    const flags = [
      "--port",
      "0",
      "--allow",
      "all",
      "--log",
      "json",
      "--keep-free",
      "0",
      "--host",
      line.address,
    ];
    const command = [...SERVER, process.execPath, "run", MAIN, root, ...flags];
    const server = stack.use(await start(command, (text) => log.push(text)));
    servers.push(server);
    urls[place] = READY.exec(`${server.firstLine} `)?.[1] ?? "";
    if (urls[place] === "") throw new Error(`No ready line: ${server.firstLine}`);
  }
  const parts = stack.move();
  return {
    line,
    volume,
    sender,
    url: (place) => urls[place],
    async run(...command) {
      const child = Bun.spawn([...OTHERS, ...line.client(...command)], { stdout: "pipe", stderr: "pipe" });
      const [code, out, complaint] = await Promise.all([
        child.exited,
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
      ]);
      if (code !== 0) throw new Error(`${command.join(" ")}: ${complaint}${out}`);
      return out;
    },
    relay: (place, ...options) =>
      start([...OTHERS, ...line.client(process.execPath, RELAY, new URL(urls[place]).host, ...options)]),
    burden(programs) {
      const loops = Array.from({ length: programs }, () => "while :; do :; done &").join(" ");
      // With a time limit, in case this process is killed.
      // In the session of the servers (`timeout` stays in it), because the scheduler first divides time between sessions.
      const child = Bun.spawn([...SERVER, "timeout", "120", "sh", "-c", `${loops} wait`]);
      return {
        async [Symbol.asyncDispose]() {
          if (child.exitCode === null) process.kill(-child.pid, "SIGKILL");
          await child.exited;
        },
      };
    },
    quota(part) {
      const group = `${PROCESSOR}/sluice-${process.pid}`;
      mkdirSync(group);
      writeFileSync(`${group}/cpu.cfs_quota_us`, String(Math.round(part * 100_000)));
      for (const { pid } of servers) writeFileSync(`${group}/cgroup.procs`, String(pid));
      return {
        [Symbol.dispose]() {
          for (const { pid } of servers) writeFileSync(`${PROCESSOR}/cgroup.procs`, String(pid));
          rmdirSync(group);
        },
      };
    },
    async reportOf(path) {
      for (let attempt = 0; attempt < 400; attempt += 1) {
        for (const text of log.join("").split("\n").reverse()) {
          if (!text.includes('"saved"') || !text.endsWith("}")) continue;
          const event: { event: string; path: string; flow: FlowReport } = JSON.parse(text);
          if (event.event === "saved" && event.path === path) return event.flow;
        }
        await Bun.sleep(5);
      }
      throw new Error(`No report of ${path}: ${log.join("").slice(-2000)}`);
    },
    empty() {
      // Names that begin with a dot belong to the server.
      for (const [, root] of roots)
        for (const name of readdirSync(root)) if (!name.startsWith(".")) rmSync(join(root, name));
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** A file of zeros. */
export type Source = Disposable & { path: string };

/** A file whose bytes are on the disk and not in the page cache. */
export function writtenFile({ folder }: Volume, bytes: number): Source {
  const path = join(folder, "source");
  system(
    "dd",
    "if=/dev/zero",
    `of=${path}`,
    "bs=1M",
    `count=${bytes}`,
    "iflag=count_bytes",
    "conv=fdatasync",
  );
  system("dd", `if=${path}`, "iflag=nocache", "count=0");
  return { path, [Symbol.dispose]: () => rmSync(path) };
}

/** A sparse file. */
export function sourceFile(bytes: number): Source {
  const folder = mkdtempSync(join(tmpdir(), "sluice-source-"));
  const path = join(folder, "source");
  Bun.spawnSync(["truncate", "-s", String(bytes), path]);
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
