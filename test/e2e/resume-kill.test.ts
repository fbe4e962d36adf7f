// The server is killed repeatedly during four uploads: no acknowledged byte is lost or wrong, no file is saved twice.

import { afterAll, expect, test } from "bun:test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Dice } from "../storage/dice.ts";
import { type Serving, spawnServing } from "../support/spawn.ts";
import { amount } from "../support/switches.ts";

const KILLS = amount("KILLS", 6, 200);
const SEED = Number(process.env.SEED ?? 1);
const CONCURRENT = 4;
const TUS = { "tus-resumable": "1.0.0" };

const root = await mkdtemp(join(tmpdir(), "sluice-kill-"));
afterAll(() => rm(root, { recursive: true }));

const dice = new Dice(SEED);
const source = Buffer.alloc(8_000_000);
for (let at = 0; at < source.length; at += 4) source.writeUInt32LE(dice.upTo(2 ** 32), at);

let server: Serving;
let over = false;
const told = { lost: 0, corrupt: 0, finished: 0 };
/** Final requests that a kill interrupted, and the results of repeating them. */
const again = { complete: 0, continued: 0 };
/** Resolves when a client sends the last bytes of a file. */
let last = Promise.withResolvers<void>();

/** The response of the server; null if it is dead or dies before it is complete. */
async function ask(path: string, init: RequestInit): Promise<Response | null> {
  try {
    const answer = await fetch(server.url + path, init);
    await answer.arrayBuffer();
    return answer;
  } catch {
    await Bun.sleep(5);
    return null;
  }
}

/** Uploads one file after another, relying only on acknowledged offsets. */
async function client(which: number): Promise<void> {
  for (let number = 0; !over || number === 0; number += 1) {
    const name = `${which}-${number}.bin`;
    const from = dice.upTo(1_000_000);
    const bytes = source.subarray(from, from + 1 + dice.upTo(dice.oneOf(10, 100_000, 7_000_000)));
    const url = await create(name, bytes.length);
    await fill(url, bytes);
    const saved = Buffer.from(await Bun.file(join(root, name)).arrayBuffer());
    if (Buffer.compare(saved, bytes) !== 0) told.corrupt += 1;
    told.finished += 1;
  }
}

async function create(name: string, length: number): Promise<string> {
  const headers = {
    ...TUS,
    "upload-length": `${length}`,
    "upload-metadata": `filename ${Buffer.from(name).toString("base64")}`,
  };
  for (;;) {
    const url = (await ask("/uploads", { method: "POST", headers }))?.headers.get("location");
    if (url) return url;
  }
}

async function fill(url: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  let acknowledged = 0;
  for (;;) {
    const asked = await ask(url, { method: "HEAD", headers: TUS });
    if (!asked) continue;
    const offset = Number(asked.headers.get("upload-offset") ?? Number.NaN);
    if (asked.status !== 200 || !(offset >= acknowledged)) {
      told.lost += 1;
      return;
    }
    acknowledged = offset;
    if (offset === bytes.length) return;
    const end = Math.min(bytes.length, dice.oneOf(offset + 300_000, bytes.length));
    const patch = () =>
      ask(url, {
        method: "PATCH",
        headers: { ...TUS, "upload-offset": `${offset}`, "content-type": "application/offset+octet-stream" },
        body: bytes.slice(offset, end),
      });
    if (end === bytes.length) last.resolve();
    let answer = await patch();
    // The response was lost, so the request is repeated, whether it had an effect or not.
    const repeated = answer === null && end === bytes.length;
    while (repeated && answer === null) answer = await patch();
    const stands = Number(answer?.headers.get("upload-offset") ?? acknowledged);
    const right = answer === null || (answer.status === 204 ? stands === end : answer.status === 409);
    if (!right || stands < acknowledged) {
      told.lost += 1;
      return;
    }
    if (repeated) again[answer?.status === 409 && stands === end ? "complete" : "continued"] += 1;
    acknowledged = stands;
    if (acknowledged === bytes.length) return;
  }
}

test(`${KILLS} kills during ${CONCURRENT} uploads`, async () => {
  server = await spawnServing(root, "--keep-free", "0B");
  const clients = Promise.all(Array.from({ length: CONCURRENT }, (_, which) => client(which)));
  for (let kill = 0; kill < KILLS; kill += 1) {
    // A random delay, so that the kill can hit any step. Every other kill is timed for the moment in which a file gets its
    // name.
    if (kill % 2 === 0) await Bun.sleep(dice.upTo(150));
    else {
      last = Promise.withResolvers<void>();
      await Promise.race([last.promise, Bun.sleep(500)]);
      await Bun.sleep(dice.upTo(25));
    }
    await server[Symbol.asyncDispose]();
    server = await spawnServing(root, "--keep-free", "0B");
  }
  over = true;
  await clients;
  await server[Symbol.asyncDispose]();
  expect({ seed: SEED, ...told }).toEqual({ seed: SEED, lost: 0, corrupt: 0, finished: told.finished });
  expect(told.finished).toBeGreaterThanOrEqual(CONCURRENT);
  console.info(`${told.finished} files; last requests cut: ${JSON.stringify(again)}`);
  // Each file exists once, under its requested name; remaining data belongs to uploads whose client never got their URL.
  const files = (await readdir(root)).filter((name) => name !== ".sluice");
  expect(files.filter((name) => !/^\d+-\d+\.bin$/.test(name))).toEqual([]);
  const data = (await readdir(join(root, ".sluice/kept"))).filter((name) => name.endsWith(".data"));
  expect(data.length).toBeLessThanOrEqual(KILLS * CONCURRENT);
}, 600_000);
