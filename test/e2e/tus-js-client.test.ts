// tus-js-client with its three protocols; each upload and the server are separate processes.

import { afterAll, describe, expect, test } from "bun:test";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnServing } from "../support/spawn.ts";
import { type Ended, runTusUpload } from "../support/tus-run.ts";
import type { Protocol, TusOptions } from "../support/tus-upload.ts";

const PROTOCOLS: Protocol[] = ["tus-v1", "ietf-draft-03", "ietf-draft-05"];
const SMALL = 2_500_000;
const LARGE = 24_000_000;

const folder = await realpath(await mkdtemp(join(tmpdir(), "sluice-tus-")));
const root = join(folder, "root");
const server = await spawnServing(root, "--keep-free", "0B", "--allow", "all");
const endpoint = `${server.url}/uploads`;
afterAll(stop);

const abilities = await fetch(endpoint, { method: "OPTIONS" });
const missing = abilities.headers.get("tus-version") === null;
if (missing) {
  console.warn(`OPTIONS /uploads is answered with ${abilities.status}: tus-js-client is skipped`);
  await stop();
}

async function stop(): Promise<void> {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
}

/** A file to upload, and its unique name on the server. */
async function source(size: number): Promise<{ path: string; name: string; bytes: Uint8Array<ArrayBuffer> }> {
  const name = `${crypto.randomUUID()}.bin`;
  const bytes = Buffer.alloc(size);
  // getRandomValues returns at most 64 KiB.
  for (let from = 0; from < size; from += 65_536) crypto.getRandomValues(bytes.subarray(from, from + 65_536));
  const path = join(folder, name);
  await Bun.write(path, bytes);
  return { path, name, bytes };
}

/** Uploads a file in a new process. */
function client(path: string, options: Omit<TusOptions, "endpoint"> & { endpoint?: string }): Promise<Ended> {
  return runTusUpload(path, { endpoint, ...options });
}

async function saved(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const file = Bun.file(join(root, name));
  expect(file.size).toBe(bytes.length);
  expect(Buffer.compare(await file.bytes(), bytes)).toBe(0);
}

describe.skipIf(missing).each(PROTOCOLS)("tus-js-client with %s", (protocol) => {
  test.each<[string, number, Omit<TusOptions, "endpoint">]>([
    ["a file in one piece", SMALL, {}],
    ["a file in chunks", SMALL, { chunkSize: 1_000_000 }],
    ["a file whose last chunk is full", 2_000_000, { chunkSize: 1_000_000 }],
    ["a file with the request that makes the upload", SMALL, { uploadDataDuringCreation: true }],
    [
      "chunks from the request that makes the upload on",
      SMALL,
      { uploadDataDuringCreation: true, chunkSize: 1_000_000 },
    ],
    ["a stream of unknown length", SMALL, { deferred: true, chunkSize: 1_000_000 }],
    ["one byte", 1, {}],
    ["an empty file", 0, {}],
  ])("saves %s", async (_, size, options) => {
    const { path, name, bytes } = await source(size);
    const { code, end } = await client(path, { protocol, metadata: { filename: name }, ...options });
    expect(end).toMatchObject({ done: "saved" });
    expect(code).toBe(0);
    await saved(name, bytes);
  });

  test("resumes in a new process after a crash between chunks", async () => {
    const { path, name, bytes } = await source(SMALL);
    const options = { protocol, metadata: { filename: name }, chunkSize: 500_000, urls: `${path}.json` };
    const first = await client(path, { ...options, crashAt: 1_500_000 });
    expect(first).toMatchObject({ code: 9, end: undefined });
    expect(await Bun.file(join(root, name)).exists()).toBe(false);
    const second = await client(path, options);
    expect(second.end).toMatchObject({ done: "saved" });
    // 1,000,000 bytes had been acknowledged, so at most three chunks are left.
    expect(second.requests[0]).toMatch(/^HEAD 20[04]$/);
    expect(second.requests.slice(1).every((request) => request.startsWith("PATCH 20"))).toBe(true);
    expect(second.requests.length).toBeWithin(2, 5);
    await saved(name, bytes);
  });

  test("resumes in a new process after a crash in the middle of a request", async () => {
    const { path, name, bytes } = await source(LARGE);
    const options = { protocol, metadata: { filename: name }, urls: `${path}.json` };
    expect(await client(path, { ...options, crashAt: 1 })).toMatchObject({ code: 9 });
    const second = await client(path, options);
    expect(second.end).toMatchObject({ done: "saved" });
    expect(second.requests.join()).toMatch(/^HEAD 20[04],PATCH 20[0-4]$/);
    await saved(name, bytes);
  });

  test("can be paused, and resumed in a new process by the URL alone", async () => {
    const { path, name, bytes } = await source(LARGE);
    const options = { protocol, metadata: { filename: name } };
    const first = await client(path, { ...options, abortAt: 1 });
    expect(first).toMatchObject({ code: 0, end: { done: "aborted" }, requests: ["POST 201"] });
    expect(await Bun.file(join(root, name)).exists()).toBe(false);
    const second = await client(path, { ...options, uploadUrl: first.url ?? "" });
    expect(second).toMatchObject({ end: { done: "saved" }, url: first.url });
    expect(second.requests.join()).toMatch(/^HEAD 20[04],PATCH 20[0-4]$/);
    await saved(name, bytes);
  });

  test("resumes after the server was killed and restarted", async () => {
    const { path, name, bytes } = await source(SMALL);
    const other = join(folder, `${name}-root`);
    const options = { protocol, metadata: { filename: name }, chunkSize: 500_000, urls: `${path}.json` };
    const port = await (async () => {
      await using before = await spawnServing(other, "--keep-free", "0B");
      expect(
        await client(path, { ...options, endpoint: `${before.url}/uploads`, crashAt: 1_500_000 }),
      ).toMatchObject({ code: 9 });
      return new URL(before.url).port;
    })();
    await using after = await spawnServing(other, "--keep-free", "0B", "--port", port);
    const second = await client(path, { ...options, endpoint: `${after.url}/uploads` });
    expect(second.end).toMatchObject({ done: "saved" });
    expect(second.requests[0]).toMatch(/^HEAD 20[04]$/);
    expect(Buffer.compare(await Bun.file(join(other, name)).bytes(), bytes)).toBe(0);
  });

  test("cancels an upload", async () => {
    const { path, name } = await source(SMALL);
    const options = { protocol, metadata: { filename: name }, chunkSize: 1_000_000, cancelAt: 1_000_000 };
    const { end, requests, url } = await client(path, options);
    expect(end).toMatchObject({ done: "cancelled" });
    expect(requests.at(-1)).toBe("DELETE 204");
    const asked = await fetch(url ?? "", { method: "HEAD", headers: { "tus-resumable": "1.0.0" } });
    expect([404, 410]).toContain(asked.status);
    expect(await Bun.file(join(root, name)).exists()).toBe(false);
  });

  test("gets another name if the requested one is taken", async () => {
    const { path, name, bytes } = await source(1000);
    for (const _ of ["first", "second"])
      expect((await client(path, { protocol, metadata: { filename: name } })).end).toMatchObject({
        done: "saved",
      });
    await saved(name, bytes);
    await saved(name.replace(".bin", " (1).bin"), bytes);
  });

  test("saves files in folders", async () => {
    const { path, name, bytes } = await source(1000);
    const relative = { relativePath: `photos/2026/${name}`, filename: name };
    expect((await client(path, { protocol, metadata: relative })).end).toMatchObject({ done: "saved" });
    await saved(`photos/2026/${name}`, bytes);
    const inFolder = { folder: "films", filename: name };
    expect((await client(path, { protocol, metadata: inFolder })).end).toMatchObject({ done: "saved" });
    await saved(`films/${name}`, bytes);
  });

  test("is refused a name outside the root before a byte is sent", async () => {
    const { path } = await source(1000);
    const { code, requests } = await client(path, { protocol, metadata: { filename: "../canary" } });
    expect({ code, requests }).toEqual({ code: 1, requests: ["POST 400"] });
    expect(await Bun.file(join(folder, "canary")).exists()).toBe(false);
  });
});

describe.skipIf(missing).each(PROTOCOLS.slice(1))("tus-js-client with %s", (protocol) => {
  test("is refused parallel streams, which only tus supports, before a byte is sent", async () => {
    const { path, name } = await source(SMALL);
    const { code, requests } = await client(path, {
      protocol,
      metadata: { filename: name },
      parallelUploads: 4,
    });
    expect(code).toBe(1);
    expect(new Set(requests)).toEqual(new Set(["POST 400"]));
  });
});

describe.skipIf(missing)("tus-js-client with tus-v1", () => {
  test("saves a file with four parallel streams", async () => {
    const { path, name, bytes } = await source(LARGE);
    const { end, requests } = await client(path, { metadata: { filename: name }, parallelUploads: 4 });
    expect(end).toMatchObject({ done: "saved" });
    expect(requests.filter((request) => request === "POST 201")).toHaveLength(5);
    expect(requests.filter((request) => request === "PATCH 204")).toHaveLength(4);
    await saved(name, bytes);
  });

  test("resumes four parallel streams in a new process after a crash", async () => {
    const { path, name, bytes } = await source(LARGE);
    const options = {
      metadata: { filename: name },
      parallelUploads: 4,
      chunkSize: 1_000_000,
      urls: `${path}.json`,
    };
    expect(await client(path, { ...options, crashAt: LARGE / 2 })).toMatchObject({ code: 9 });
    const { end, requests } = await client(path, options);
    expect(end).toMatchObject({ done: "saved" });
    expect(requests.filter((request) => request.startsWith("HEAD 20"))).toHaveLength(4);
    // Only the request that concatenates them.
    expect(requests.filter((request) => request === "POST 201")).toHaveLength(1);
    await saved(name, bytes);
  });

  test("saves a file with PATCH sent as POST", async () => {
    const { path, name, bytes } = await source(SMALL);
    const options = { metadata: { filename: name }, overridePatchMethod: true, chunkSize: 1_000_000 };
    const { end, requests } = await client(path, options);
    expect(end).toMatchObject({ done: "saved" });
    expect(requests).toEqual(["POST 201", "POST 204", "POST 204", "POST 204"]);
    await saved(name, bytes);
  });
});
