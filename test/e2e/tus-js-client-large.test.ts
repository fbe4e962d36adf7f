// A large file with tus-js-client in each of its protocols, paused and resumed by another process.

import { afterAll, describe, expect, test } from "bun:test";
import { mkdtemp, open, realpath, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnServing } from "../support/spawn.ts";
import { amount, skipped } from "../support/switches.ts";
import { runTusUpload } from "../support/tus-run.ts";
import type { Protocol } from "../support/tus-upload.ts";

/** With LARGE=1, larger than 32-bit integers can represent. */
const SIZE = amount("UPLOAD_SIZE", 256_000_000, 5_000_000_000);
const STOP = SIZE > 2 ** 32 + 1_000_000 ? 2 ** 32 + 1_000_000 : SIZE / 16;
const SPARE = Math.min(2_000_000_000, SIZE);

const folder = await realpath(await mkdtemp(join(tmpdir(), "sluice-large-")));
afterAll(() => rm(folder, { recursive: true }));
const disk = await statfs(folder);
const tight = disk.bavail * disk.bsize < SIZE + SPARE;
if (tight)
  skipped(
    "large uploads",
    `less than ${SIZE + SPARE} bytes are free in ${folder}`,
    "TMPDIR=… names another folder",
  );

/** Positions with data in the sparse file: around 2^31 and 2^32, and at both ends. */
const MARKS = [0, 2 ** 31 - 500, 2 ** 32 - 500, STOP, SIZE - 1000].filter((at) => at < SIZE);
const sparse = join(folder, "sparse.bin");
if (!tight) {
  await using file = await open(sparse, "w");
  await file.truncate(SIZE);
  for (const at of MARKS) await file.write(crypto.getRandomValues(new Uint8Array(1000)), 0, 1000, at);
}

async function sha256(path: string): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256");
  for await (const chunk of Bun.file(path).stream()) hash.update(chunk);
  return hash.digest("hex");
}

describe.skipIf(tight)(`${SIZE / 1e6} MB from a sparse file`, () => {
  let expected: string | undefined;
  test.each<Protocol>(["tus-v1", "ietf-draft-03", "ietf-draft-05"])(
    `with %s, stopped after ${STOP} bytes`,
    async (protocol) => {
      await using server = await spawnServing(join(folder, "root"), "--keep-free", "0B");
      const options = {
        endpoint: `${server.url}/uploads`,
        protocol,
        metadata: { filename: "large.bin" },
        reading: true,
      };
      const first = await runTusUpload(sparse, { ...options, abortAt: STOP });
      expect(first).toMatchObject({ end: { done: "aborted" }, requests: ["POST 201"] });
      const second = await runTusUpload(sparse, { ...options, uploadUrl: first.url ?? "" });
      expect(second.end).toMatchObject({ done: "saved" });
      expect(second.requests.join()).toMatch(/^HEAD 20[04],PATCH 20[0-4]$/);
      const saved = join(folder, "root/large.bin");
      expect(Bun.file(saved).size).toBe(SIZE);
      expected ??= await sha256(sparse);
      expect(await sha256(saved)).toBe(expected);
      await rm(saved);
    },
    600_000,
  );
});
