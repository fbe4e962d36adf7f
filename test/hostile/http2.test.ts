// Attacks on HTTP/2: whatever a connection sends, the server keeps little of it and answers others.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync, truncateSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testCertificate } from "../support/certificate.ts";
import * as h2 from "../support/frames.ts";
import { until } from "../support/server.ts";
import { type Serving, spawnServing } from "../support/spawn.ts";
import { skipped } from "../support/switches.ts";

const ENHANCE_YOUR_CALM = 11;
/** Mebibytes that an attack may cost; those of RFC 9113 and its known weaknesses cost gigabytes where they succeed. */
const ALLOWED = 300;

const skip =
  process.platform !== "linux" &&
  skipped("attacks on HTTP/2", "the memory of a process is read from /proc", "run them on Linux");

describe.skipIf(skip)("a server that is attacked", () => {
  let folder: string;
  let server: Serving;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-http2-"));
    const { cert, key } = testCertificate();
    await Bun.write(join(folder, "both.pem"), cert + key);
    await Bun.write(join(folder, "root/large"), "");
    truncateSync(join(folder, "root/large"), 2 ** 31);
    const flags = ["--tls-cert", join(folder, "both.pem"), "--keep-free", "0B", "--log-level", "error"];
    server = await spawnServing(join(folder, "root"), ...flags);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  /** Resident memory of the server, or its peak, in MiB. */
  function memory(name: "VmRSS" | "VmHWM"): number {
    const status = readFileSync(`/proc/${server.process.pid}/status`, "utf8");
    return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
  }

  const isHealthy = async (): Promise<boolean> =>
    (await fetch(`${server.url}/health`, { tls: { rejectUnauthorized: false } })).ok;

  let before = 0;
  beforeEach(async () => {
    // Resets the peak.
    await Bun.write(`/proc/${server.process.pid}/clear_refs`, "5");
    before = memory("VmRSS");
  });

  /** The server answers others, and the attack has cost it little. */
  async function survived(): Promise<void> {
    expect(await isHealthy()).toBe(true);
    expect(memory("VmHWM") - before).toBeLessThan(ALLOWED);
  }

  /** Sends frames until the connection is closed, `rounds` times at most. */
  async function flood(connection: h2.FrameConnection, rounds: number, frames: (round: number) => Buffer[]) {
    for (let round = 0; round < rounds; round += 1) if (!(await connection.send(...frames(round)))) return;
  }

  test.each(["/files/large", "/api/archive", "/files/"])(
    "CVE-2023-44487: requests for %s that are reset at once",
    async (path) => {
      for (let times = 0; times < 2; times += 1) {
        using connection = await h2.connectFrames(server.url);
        let stream = -1;
        await flood(connection, 200, () =>
          Array.from({ length: 50 }, () => {
            stream += 2;
            const request = h2.frame(
              h2.HEADERS,
              h2.END_HEADERS | h2.END_STREAM,
              stream,
              h2.head("GET", path),
            );
            return Buffer.concat([request, h2.frame(h2.RST_STREAM, 0, stream, h2.CANCEL)]);
          }),
        );
        await until("the server has enough", isHealthy);
      }
      await survived();
    },
  );

  test("CVE-2023-44487: uploads that are reset at once leave nothing", async () => {
    using connection = await h2.connectFrames(server.url);
    let stream = -1;
    await flood(connection, 100, () =>
      Array.from({ length: 20 }, () => {
        stream += 2;
        const request = h2.frame(h2.HEADERS, h2.END_HEADERS, stream, h2.head("PUT", `/files/up${stream}`));
        const data = h2.frame(h2.DATA, 0, stream, Buffer.alloc(100));
        return Buffer.concat([request, data, h2.frame(h2.RST_STREAM, 0, stream, h2.CANCEL)]);
      }),
    );
    await survived();
    const left = () => [...new Bun.Glob("**").scanSync({ cwd: join(folder, "root"), dot: true })];
    await until(
      "no upload is left",
      () => !left().some((name) => name.includes("uploads/") || name.startsWith("up")),
    );
  });

  test("CVE-2024-27316: headers that go on without end", async () => {
    using connection = await h2.connectFrames(server.url);
    await connection.send(h2.frame(h2.HEADERS, h2.END_STREAM, 1, h2.head("GET", "/health")));
    const more = h2.literal("x-more", "y".repeat(16_000));
    await flood(connection, 2000, () => [h2.frame(h2.CONTINUATION, 0, 1, more)]);
    await until("the connection is closed", () => connection.closed);
    expect(connection.goaway).toBe(ENHANCE_YOUR_CALM);
    await survived();
  });

  test("CVE-2016-6581: one header, repeated by 12,000 references in each request", async () => {
    using connection = await h2.connectFrames(server.url);
    const bomb = Buffer.concat([
      h2.head("GET", "/health"),
      h2.literal("x-bomb", "z".repeat(4000), true),
      // The newest entry of the dynamic table.
      Buffer.alloc(12_000, 0x80 | 62),
    ]);
    await flood(connection, 100, (round) => [
      h2.frame(h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, 2 * round + 1, bomb.subarray(0, 16_384)),
    ]);
    await until("the connection is closed", () => connection.closed);
    await survived();
  });

  test.each([
    ["CVE-2019-9512: PING", () => h2.frame(h2.PING, 0, 0, Buffer.alloc(8))],
    ["CVE-2019-9515: SETTINGS", () => h2.frame(h2.SETTINGS, 0, 0, h2.setting(4, 65_535))],
    ["WINDOW_UPDATE", () => h2.frame(h2.WINDOW_UPDATE, 0, 0, Buffer.from([0, 0, 0, 1]))],
  ])("%s, 200,000 times, whose answers nobody reads", async (_, one) => {
    using connection = await h2.connectFrames(server.url);
    connection.pause();
    const thousand = Buffer.concat(Array.from({ length: 1000 }, one));
    await flood(connection, 200, () => [thousand]);
    await survived();
  });

  test("CVE-2019-9518: empty frames of a body", async () => {
    using connection = await h2.connectFrames(server.url);
    await connection.send(h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.head("PUT", "/files/empty")));
    const thousand = Buffer.concat(Array.from({ length: 1000 }, () => h2.frame(h2.DATA, 0, 1)));
    await flood(connection, 200, () => [thousand]);
    await survived();
  });

  test("CVE-2019-9511, CVE-2019-9517: 1,000 downloads of 2 GiB, of which nothing is read", async () => {
    // A window of zero for each stream, and then a large one whose bytes stay in the socket.
    for (const window of [0, 2 ** 31 - 1]) {
      using connection = await h2.connectFrames(server.url, h2.setting(4, window));
      connection.pause();
      const requests = Array.from({ length: 1000 }, (_, index) =>
        h2.frame(h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, 2 * index + 1, h2.head("GET", "/files/large")),
      );
      await connection.send(...requests);
      await until("the server is idle", isHealthy);
      await survived();
    }
  });
});
