// Thousands of unfinished uploads: their cost when a server starts, and that it still limits them.

import { expect, test } from "bun:test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Uploads } from "../../src/routes/openapi/shapes.ts";
import { bodyIn } from "../support/answer.ts";
import { type Serving, spawnServing } from "../support/spawn.ts";
import { amount } from "../support/switches.ts";

/** The large number is the default of --max-waiting. */
const WAITING = amount("WAITING", 1500, 10_000);
const AT_ONCE = 16;
/** Maximum memory per restored upload in bytes. */
const EACH = 6 * 1024;
/** Memory in bytes by which starts vary anyway. */
const NOISE = 24 * 1024 * 1024;
const TUS = { "tus-resumable": "1.0.0" };

const root = await mkdtemp(join(tmpdir(), "sluice-many-"));

async function start(): Promise<{ server: Serving; milliseconds: number; memory: number }> {
  const began = performance.now();
  const server = await spawnServing(root, "--keep-free", "0B", "--max-waiting", `${WAITING}`);
  const milliseconds = performance.now() - began;
  const status = await readFile(`/proc/${server.process.pid}/status`, "utf8");
  return { server, milliseconds, memory: Number(/VmRSS:\s*(\d+)/.exec(status)?.[1]) * 1024 };
}

const create = (server: Serving, name: string) =>
  fetch(`${server.url}/uploads?path=${name}`, {
    method: "POST",
    headers: { ...TUS, "upload-length": "6", "content-type": "application/offset+octet-stream" },
    body: "abc",
  });

test(`${WAITING} unfinished uploads`, async () => {
  await using _ = { [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
  const empty = await start();
  const urls: string[] = [];
  let number = 0;
  const client = async (): Promise<void> => {
    while (number < WAITING) {
      const made = await create(empty.server, `folder/${number++}.bin`);
      expect(made.status).toBe(201);
      urls.push(made.headers.get("location") ?? "");
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  expect((await create(empty.server, "one more")).status).toBe(503);
  await empty.server[Symbol.asyncDispose]();

  const full = await start();
  await using server = full.server;
  const { uploads } = await bodyIn(Uploads, await fetch(`${server.url}/api/uploads`));
  expect(uploads.length).toBe(Math.min(1000, WAITING));
  expect((await create(server, "one more")).status).toBe(503);
  for (const url of [urls[0], urls.at(-1)]) {
    const headers = { ...TUS, "upload-offset": "3", "content-type": "application/offset+octet-stream" };
    const last = await fetch(server.url + url, { method: "PATCH", headers, body: "def" });
    expect([last.status, last.headers.get("upload-offset")]).toEqual([204, "6"]);
  }
  expect((await create(server, "one more")).status).toBe(201);
  const told = ({ milliseconds, memory }: typeof full) =>
    `${milliseconds.toFixed(0)} ms, ${(memory / 1e6).toFixed(0)} MB`;
  console.info(`start with none: ${told(empty)}; with ${WAITING}: ${told(full)}`);
  expect(full.memory - empty.memory).toBeLessThan(NOISE + WAITING * EACH);
}, 300_000);
