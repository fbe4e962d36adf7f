// GET /health: 200 only if uploads are currently accepted.

import { describe, expect, test } from "bun:test";
import { Problem } from "../../../src/errors.ts";
import { Health } from "../../../src/routes/openapi/shapes.ts";
import { MemoryStorage } from "../../../src/storage/memory/memory.ts";
import { version } from "../../../src/version.ts";
import { bodyIn } from "../../support/answer.ts";
import { problemIn } from "../../support/problem.ts";
import { startServer } from "../../support/server.ts";

test("200 with the version, also for HEAD", async () => {
  await using server = await startServer();
  const answer = await server.fetch("/health");
  expect(answer.status).toBe(200);
  expect(await bodyIn(Health, answer)).toEqual({ status: "ok", version });
  const head = await server.fetch("/health", { method: "HEAD" });
  expect(head.status).toBe(200);
  expect(await head.text()).toBe("");
});

test("503 during shutdown", async () => {
  await using server = await startServer();
  server.app.decorator.services.uploader.drain();
  const answer = await server.fetch("/health");
  expect(answer.status).toBe(503);
  expect(await bodyIn(Health, answer)).toEqual({ status: "draining", version });
});

describe("a storage that cannot be written", () => {
  class Broken extends MemoryStorage {
    looks = 0;
    broken = true;
    override async check(): Promise<void> {
      this.looks += 1;
      if (this.broken) throw new Problem("storage_read_only", "The server may not write to its root.");
    }
  }

  test("is answered with 503, and one log line with the reason", async () => {
    const storage = new Broken();
    await using server = await startServer({ storage });
    const answer = await server.fetch("/health");
    expect(answer.status).toBe(503);
    expect(await bodyIn(Health, answer)).toEqual({ status: "unwritable", version });
    expect(server.log).toEqual([expect.stringContaining("The server may not write to its root.")]);
  });

  test("is also reported if there is no free space, like a refused upload", async () => {
    const storage = new MemoryStorage({ capacity: 1000 });
    await using server = await startServer({ storage, keepFree: 1000 });
    await problemIn(await server.fetch("/files/a", { method: "PUT", body: "x" }), "storage_full");
    const answer = await server.fetch("/health");
    expect(answer.status).toBe(503);
    expect(await bodyIn(Health, answer)).toEqual({ status: "unwritable", version });
    expect(server.log.at(-1)).toContain("--keep-free");
  });

  test("is checked at most once a second, and its recovery is detected", async () => {
    const storage = new Broken();
    await using server = await startServer({ storage });
    const statuses = await Promise.all(
      Array.from({ length: 50 }, async () => (await server.fetch("/health")).status),
    );
    expect(statuses).toEqual(Array(50).fill(503));
    expect(storage.looks).toBe(1);
    storage.broken = false;
    const end = performance.now() + 5000;
    while ((await server.fetch("/health")).status !== 200 && performance.now() < end) await Bun.sleep(20);
    expect((await server.fetch("/health")).status).toBe(200);
  });

  test("is ignored by a read-only server", async () => {
    await using server = await startServer({ storage: new Broken(), allow: new Set(["read"]) });
    expect((await server.fetch("/health")).status).toBe(200);
  });
});
