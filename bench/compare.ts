// Compares the server of this checkout with that of another one: `bun run bench/compare.ts --with DIR [--rounds 9]`.
//
// Both servers run at the same time and receive the same requests alternately, so that a noisy machine slows both. Quote the
// ratios: each is the median of the ratios of the rounds. Processor time is user and system time of the server (Linux).

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { median } from "./table.ts";

const { values } = parseArgs({
  options: { with: { type: "string" }, rounds: { type: "string", default: "9" } },
});
if (values.with === undefined)
  throw new Error("--with DIR names the other checkout; its packages must be installed");
const rounds = Number(values.rounds);

/** Bytes of a large file. */
const LARGE = 512 * 1024 * 1024;
/** Small files of one round, how many are sent at the same time, and their bytes. */
const SMALL = { files: 1500, concurrent: 8, bytes: 4096 };

interface Server {
  url: string;
  process: Bun.Subprocess;
}

interface Cost {
  wall: number;
  processor: number;
}

const folder = await mkdtemp(join(tmpdir(), "sluice-compare-"));
const large = join(folder, "large");
await Bun.write(large, new Uint8Array(LARGE).fill(7));

async function start(checkout: string, name: string): Promise<Server> {
  const child = Bun.spawn(
    [
      process.execPath,
      "run",
      "src/main.ts",
      join(folder, name),
      "--port",
      "0",
      "--allow",
      "all",
      "--keep-free",
      "0",
    ],
    { cwd: checkout, stdout: "pipe", stderr: "ignore" },
  );
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const [url] = /http:\S+/.exec(text) ?? [];
    if (url) return { url, process: child };
  }
  throw new Error(`The server of ${checkout} did not start`);
}

async function curl(...options: string[]): Promise<void> {
  const child = Bun.spawn(["curl", "-sS", "--fail", "-o", "/dev/null", ...options], { stderr: "inherit" });
  if ((await child.exited) !== 0) throw new Error("curl failed");
}

async function send(url: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(url, init);
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`${init.method} ${url}: ${answer.status}`);
  return answer;
}

const TASKS: Record<string, (url: string) => Promise<void>> = {
  "PUT of 512 MiB": (url) => curl("-T", large, `${url}/files/put`),
  "tus PATCH of 512 MiB": async (url) => {
    const tus = { "tus-resumable": "1.0.0" };
    const created = await send(`${url}/uploads?path=tus&conflict=replace`, {
      method: "POST",
      headers: { ...tus, "upload-length": String(LARGE) },
    });
    const headers = [
      "Tus-Resumable: 1.0.0",
      "Upload-Offset: 0",
      "Content-Type: application/offset+octet-stream",
    ];
    const target = `${url}${created.headers.get("location")}`;
    await curl("-X", "PATCH", ...headers.flatMap((header) => ["-H", header]), "-T", large, target);
  },
  [`${SMALL.files} PUTs of 4 KiB`]: async (url) => {
    const body = new Uint8Array(SMALL.bytes);
    let sent = 0;
    const sender = async (): Promise<void> => {
      while (sent < SMALL.files) {
        sent += 1;
        await send(`${url}/files/small/${sent}`, { method: "PUT", body });
      }
    };
    await Promise.all(Array.from({ length: SMALL.concurrent }, sender));
  },
};

/** User and system time of a process in seconds (proc_pid_stat(5), fields 14 and 15, at 100 ticks a second). */
async function processorTime({ pid }: Bun.Subprocess): Promise<number> {
  const fields = (await Bun.file(`/proc/${pid}/stat`).text()).split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function costOf(server: Server, task: (url: string) => Promise<void>): Promise<Cost> {
  const before = await processorTime(server.process);
  const began = performance.now();
  await task(server.url);
  const wall = (performance.now() - began) / 1000;
  return { wall, processor: (await processorTime(server.process)) - before };
}

const ours = await start(join(import.meta.dir, ".."), "ours");
const theirs = await start(resolve(values.with), "theirs");
try {
  for (const [name, task] of Object.entries(TASKS)) {
    const pairs: { ours: Cost; theirs: Cost }[] = [];
    // The first round warms up and does not count.
    for (let round = 0; round <= rounds; round += 1) {
      const first = round % 2 === 0 ? ours : theirs;
      const one = await costOf(first, task);
      const two = await costOf(first === ours ? theirs : ours, task);
      if (round > 0) pairs.push(first === ours ? { ours: one, theirs: two } : { ours: two, theirs: one });
    }
    const figure = (key: keyof Cost): string => {
      const ratio = median(pairs.map((pair) => pair.ours[key] / pair.theirs[key]));
      const seconds = (who: "ours" | "theirs") => median(pairs.map((pair) => pair[who][key])).toFixed(2);
      return `${ratio.toFixed(3)} (${seconds("ours")} s, other ${seconds("theirs")} s)`;
    };
    console.log(`${name.padEnd(22)} wall ${figure("wall")}   processor ${figure("processor")}`);
  }
} finally {
  for (const server of [ours, theirs]) {
    server.process.kill();
    await server.process.exited;
  }
  await rm(folder, { recursive: true, force: true });
}
