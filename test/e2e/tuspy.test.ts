// tuspy, which sends a sha1 checksum with every chunk; each upload is a separate process. TEST_PYTHON is a Python with tuspy.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Serving, spawnServing } from "../support/spawn.ts";
import { noTuspy, PYTHON } from "../support/tuspy.ts";

const CLIENT = join(import.meta.dir, "clients/tuspy.py");
const SIZE = 2_500_000;

interface Options {
  chunk_size?: number;
  metadata?: Record<string, string>;
  checksum?: boolean;
  /** Sends a wrong checksum. */
  wrong?: boolean;
  /** Uses the asyncio uploader. */
  later?: boolean;
  stop_at?: number;
  url?: string;
  /** The file that stores URLs. */
  urls?: string;
}

interface Ended {
  /** The offset at which the client started. */
  began: number;
  offset: number;
  url: string | null;
  /** The status of the error response, if any. */
  failed: number | string | null;
}

describe.skipIf(noTuspy)("tuspy", () => {
  let folder: string;
  let root: string;
  let server: Serving;
  beforeAll(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), "sluice-tuspy-")));
    root = join(folder, "root");
    server = await spawnServing(root, "--keep-free", "0B");
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  async function source(size: number): Promise<{ path: string; name: string; bytes: Buffer }> {
    const name = `${crypto.randomUUID()}.bin`;
    const bytes = Buffer.alloc(size);
    for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
    const path = join(folder, name);
    await Bun.write(path, bytes);
    return { path, name, bytes };
  }

  async function client(path: string, options: Options): Promise<Ended> {
    const words = [PYTHON, CLIENT, path, JSON.stringify({ endpoint: `${server.url}/uploads`, ...options })];
    const child = Bun.spawn(words, { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
    return await child.stdout.json();
  }

  async function saved(name: string, bytes: Buffer): Promise<void> {
    expect(Buffer.compare(await Bun.file(join(root, name)).bytes(), bytes)).toBe(0);
  }

  test.each<[string, number, Options]>([
    ["in one piece", SIZE, {}],
    ["in chunks", SIZE, { chunk_size: 1_000_000 }],
    ["whose last chunk is full", 2_000_000, { chunk_size: 1_000_000 }],
    ["in chunks smaller than a page", 20_000, { chunk_size: 1021 }],
    ["in one chunk larger than it", SIZE, { chunk_size: 2 ** 40 }],
    ["without checksums", SIZE, { checksum: false, chunk_size: 1_000_000 }],
    ["later, with asyncio", SIZE, { later: true, chunk_size: 1_000_000 }],
    ["of one byte", 1, {}],
    ["that is empty", 0, {}],
  ])("saves a file %s", async (_, size, options) => {
    const { path, name, bytes } = await source(size);
    const ended = await client(path, { metadata: { filename: name }, ...options });
    expect(ended).toMatchObject({ began: 0, offset: size, failed: null });
    await saved(name, bytes);
  });

  test("resumes in a new process by the stored URL", async () => {
    const { path, name, bytes } = await source(SIZE);
    const options = { metadata: { filename: name }, chunk_size: 500_000, urls: `${path}.json` };
    const first = await client(path, { ...options, stop_at: 1_000_000 });
    expect(first).toMatchObject({ offset: 1_000_000, failed: null });
    expect(await Bun.file(join(root, name)).exists()).toBe(false);
    expect(await client(path, options)).toEqual({
      began: 1_000_000,
      offset: SIZE,
      url: first.url,
      failed: null,
    });
    await saved(name, bytes);
    // A complete upload is not sent again.
    expect(await client(path, options)).toMatchObject({ began: SIZE, url: first.url, failed: null });
  });

  test("resumes by a given URL", async () => {
    const { path, name, bytes } = await source(SIZE);
    const options = { metadata: { filename: name }, chunk_size: 400_000 };
    const { url } = await client(path, { ...options, stop_at: 800_000 });
    const second = await client(path, { ...options, url: url ?? "" });
    expect(second).toEqual({ began: 800_000, offset: SIZE, url, failed: null });
    await saved(name, bytes);
  });

  test("loses a chunk with a wrong checksum, but no earlier ones", async () => {
    const { path, name, bytes } = await source(SIZE);
    const options = { metadata: { filename: name }, chunk_size: 1_000_000 };
    const { url } = await client(path, { ...options, stop_at: 1_000_000 });
    const wrong = { ...options, url: url ?? "" };
    expect(await client(path, { ...wrong, wrong: true })).toMatchObject({ began: 1_000_000, failed: 460 });
    expect(await client(path, wrong)).toMatchObject({ began: 1_000_000, offset: SIZE, failed: null });
    await saved(name, bytes);
  });

  test("saves files with any character in their names, and in folders", async () => {
    const { path, bytes } = await source(1000);
    const filename = "Übergröße – 日本語 🌊.bin";
    expect(
      (await client(path, { metadata: { filename, folder: "ñandú/λ", note: "ça va" } })).failed,
    ).toBeNull();
    await saved(`ñandú/λ/${filename}`, bytes);
    expect((await client(path, { metadata: { relativePath: `фото/${filename}` } })).failed).toBeNull();
    await saved(`фото/${filename}`, bytes);
  });

  test("is refused a name outside the root before a byte is sent", async () => {
    const { path } = await source(1000);
    expect(await client(path, { metadata: { filename: "../canary" } })).toMatchObject({
      url: null,
      failed: 400,
    });
    expect(await Bun.file(join(folder, "canary")).exists()).toBe(false);
  });
});
