// Certificates are replaced while uploads and downloads run.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { patient } from "../../support/patience.ts";
import { until } from "../../support/server.ts";
import { amount, isMissing } from "../../support/switches.ts";
import { startTlsServer, type TlsServer } from "../../support/tls-server.ts";

const SWAPS = 10;
/** Bytes between two swaps; with LARGE=1 an upload has more than 2 GB. */
const PART = amount("SWAP_PART", 300_000, 200_000_000);
/** More than the buffers of two sockets hold. */
const MIB = 2 ** 20;
const DOWNLOAD = Math.max(32 * MIB, PART * SWAPS);
const noise = new Uint8Array(MIB).map((_, index) => (index * 7919) >> 3);

let server: TlsServer;
beforeAll(async () => {
  server = await startTlsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

function curl(...words: string[]) {
  return Bun.spawn(["curl", "--silent", "--show-error", "--insecure", "--fail-with-body", ...words], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
}

const received = (path: string) =>
  server.app.decorator.services.uploader.activeUploads.reports().find((one) => one.path === path)?.received ??
  0;

describe.skipIf(isMissing("curl") || isMissing("openssl"))(
  "while the certificate is replaced ten times",
  () => {
    test.each([["--http1.1"], ["--http2"]])(
      "an upload by %s ends well, and new connections get the new certificate",
      async (version) => {
        const name = `up${version}`;
        const client = curl(version, "--upload-file", "-", `${server.url}/files/${name}`);
        const digest = createHash("sha256");
        let sent = 0;
        const before = await server.current();
        for (let swap = 1; swap <= SWAPS; swap += 1) {
          while (sent < swap * PART) {
            const part = noise.subarray(0, Math.min(MIB, swap * PART - sent));
            digest.update(part);
            client.stdin.write(part);
            await client.stdin.flush();
            sent += part.length;
          }
          await until("the bytes have arrived", () => received(name) === sent, 60);
          server.swap();
          expect(await server.current()).toBe((before + swap) % 2);
        }
        await client.stdin.end();
        expect(await client.exited).toBe(0);
        const answer: unknown = await client.stdout.json();
        expect(answer).toMatchObject({ path: name, size: sent });
        const saved = createHash("sha256");
        for await (const part of Bun.file(join(server.root, name)).stream()) saved.update(part);
        expect(saved.digest("hex")).toBe(digest.digest("hex"));
      },
      patient(300_000),
    );

    test.each([["--http1.1"], ["--http2"]])(
      "a download by %s is complete",
      async (version) => {
        const file = Bun.file(join(server.root, "down")).writer();
        const digest = createHash("sha256");
        for (let written = 0; written < DOWNLOAD; written += MIB) {
          file.write(noise);
          await file.flush();
          digest.update(noise);
        }
        await file.end();
        const client = curl(version, `${server.url}/files/down`);
        const got = createHash("sha256");
        let [bytes, swaps] = [0, 0];
        for await (const part of client.stdout) {
          got.update(part);
          bytes += part.length;
          if (bytes < (swaps * DOWNLOAD) / (SWAPS + 2) || swaps === SWAPS) continue;
          server.swap();
          swaps += 1;
        }
        expect(await client.exited).toBe(0);
        expect(swaps).toBe(SWAPS);
        expect(got.digest("hex")).toBe(digest.digest("hex"));
      },
      patient(300_000),
    );

    test("an idle connection is closed or answers, and the port never refuses", async () => {
      for (let swap = 0; swap < SWAPS; swap += 1) {
        server.swap();
        expect((await curl(`${server.url}/health`).stdout.json()).status).toBe("ok");
      }
    });
  },
);

test("fifty replaced certificates leave neither descriptors nor servers behind", async () => {
  const descriptors = () => readdirSync("/proc/self/fd").length;
  const ask = async () => {
    const answer = await fetch(`${server.url}/health`, {
      tls: { rejectUnauthorized: false },
      keepalive: false,
    });
    expect(answer.status).toBe(200);
    await answer.text();
  };
  for (let swap = 0; swap < 5; swap += 1) {
    server.swap();
    await ask();
  }
  await until("the first servers are gone", () => server.app.server?.pendingRequests === 0);
  Bun.gc(true);
  const [before, memory] = [descriptors(), process.memoryUsage.rss()];
  for (let swap = 0; swap < 50; swap += 1) {
    server.swap();
    await ask();
  }
  await until("no descriptor is left", () => descriptors() <= before + 2);
  Bun.gc(true);
  expect(process.memoryUsage.rss() - memory).toBeLessThan(64 * MIB);
});
