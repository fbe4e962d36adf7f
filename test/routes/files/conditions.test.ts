// Conditions of GET and HEAD /files/{path} (RFC 9110 section 13), and changes of entity tags.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { closeSync, openSync, utimesSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import { problemIn } from "../../support/problem.ts";
import { startServer, type TestServer } from "../../support/server.ts";

const CHANGED = new Date("2026-01-02T03:04:05Z");
const DATE = CHANGED.toUTCString();
const BEFORE = "Fri, 02 Jan 2026 03:04:04 GMT";

/** Since 6.13, Linux changes the timestamp with every change if the file was queried before and the file system supports it. */
const [major = 0, minor = 0] = release().split(".").map(Number);
const FINE_TIMES = process.platform === "linux" && (major > 6 || (major === 6 && minor >= 13));

let server: TestServer;
let tag: string;
beforeAll(async () => {
  server = await startServer();
  await Bun.write(join(server.root, "file"), "0123456789");
  utimesSync(join(server.root, "file"), CHANGED, CHANGED);
  tag = await tagOf("file");
});
afterAll(() => server.stop());

const get = (headers: Record<string, string> = {}, method = "GET") =>
  server.fetch("/files/file", { method, headers });

function rewrite(path: string, text: string): void {
  const descriptor = openSync(path, "r+");
  writeSync(descriptor, text);
  closeSync(descriptor);
}

async function tagOf(path: string): Promise<string> {
  const answer = await server.fetch(`/files/${path}`, { method: "HEAD" });
  return answer.headers.get("etag") ?? "";
}

describe.each(["GET", "HEAD"])("%s", (method) => {
  test.each([
    ["If-None-Match", () => tag],
    ["If-None-Match", () => `W/${tag}`],
    ["If-None-Match", () => `"x", ${tag}`],
    ["If-None-Match", () => "*"],
    ["If-Modified-Since", () => DATE],
  ])("%s: not modified (%#)", async (header, value) => {
    const answer = await get({ [header]: value() }, method);
    expect(answer.status).toBe(304);
    expect(answer.headers.get("etag")).toBe(tag);
    expect(answer.headers.get("last-modified")).toBe(DATE);
    expect(answer.headers.get("cache-control")).toBe("no-cache");
    expect(answer.headers.get("content-type")).toBeNull();
    expect(await answer.text()).toBe("");
  });

  test.each([
    ["If-Match", '"x"'],
    ["If-Unmodified-Since", BEFORE],
  ])("%s: fails", async (header, value) => {
    const answer = await get({ [header]: value }, method);
    if (method === "GET") await problemIn(answer, "precondition_failed");
    else expect(answer.status).toBe(412);
  });

  test("a fulfilled condition returns the file", async () => {
    for (const headers of [
      { "if-match": tag },
      { "if-match": "*" },
      { "if-unmodified-since": DATE },
      { "if-none-match": '"x"' },
      { "if-modified-since": BEFORE },
    ])
      expect((await get(headers, method)).status).toBe(200);
  });
});

describe("If-Range", () => {
  const status = async (version: string): Promise<[number, string]> => {
    const answer = await get({ range: "bytes=2-4", "if-range": version });
    return [answer.status, await answer.text()];
  };

  test("with the tag or the date of this version returns the range", async () => {
    expect(await status(tag)).toEqual([206, "234"]);
    expect(await status(DATE)).toEqual([206, "234"]);
  });

  test("with another version returns the whole file", async () => {
    for (const version of ['"x"', `W/${tag}`, BEFORE, "Fri, 02 Jan 2026 03:04:06 GMT", "x"])
      expect(await status(version)).toEqual([200, "0123456789"]);
  });

  test("with a date whose second has not ended returns the whole file, because the date is ambiguous", async () => {
    const path = join(server.root, "fresh");
    await Bun.write(path, "0123456789");
    for (;;) {
      const now = new Date();
      utimesSync(path, now, now);
      const answer = await server.fetch("/files/fresh", {
        headers: { range: "bytes=2-4", "if-range": now.toUTCString() },
      });
      // The next second may have begun in the meantime.
      if (new Date().getUTCSeconds() !== now.getUTCSeconds()) continue;
      expect(answer.status).toBe(200);
      expect(await answer.text()).toBe("0123456789");
      return;
    }
  });
});

test("a failed condition takes precedence over the range", async () => {
  expect((await get({ range: "bytes=20-", "if-none-match": tag })).status).toBe(304);
  expect((await get({ range: "bytes=20-", "if-match": '"x"' })).status).toBe(412);
});

test("HEAD ignores the range", async () => {
  for (const range of ["bytes=2-4", "bytes=20-"]) {
    const answer = await get({ range }, "HEAD");
    expect([answer.status, answer.headers.get("content-length")]).toEqual([200, "10"]);
  }
});

test("Last-Modified is not later than the answer", async () => {
  const path = join(server.root, "tomorrow");
  await Bun.write(path, "x");
  const tomorrow = new Date(Date.now() + 86_400_000);
  utimesSync(path, tomorrow, tomorrow);
  const { headers } = await server.fetch("/files/tomorrow");
  expect(Date.parse(headers.get("last-modified") ?? "")).toBeLessThanOrEqual(Date.now());
});

describe("the tag", () => {
  test("changes with every upload, also of the same length in the same second", async () => {
    const tags = new Set<string>();
    for (let round = 0; round < 200; round += 1) {
      const body = String(round % 10);
      const answer = await server.fetch("/files/again", { method: "PUT", body });
      tags.add(answer.headers.get("etag") ?? "");
    }
    expect(tags.size).toBe(200);
  });

  test("changes when another program writes the same number of bytes, also in the same second", async () => {
    const path = join(server.root, "rewritten");
    await Bun.write(path, "x");
    const tags = new Set([await tagOf("rewritten")]);
    for (let round = 0; round < 50; round += 1) {
      const before = await tagOf("rewritten");
      // Timestamps before Linux 6.13 have a resolution of some milliseconds, so write until the timestamp changes.
      do rewrite(path, String(round % 10));
      while (!FINE_TIMES && (await tagOf("rewritten")) === before);
      tags.add(await tagOf("rewritten"));
    }
    expect(tags.size).toBe(51);
  });

  test("is the same after a restart", async () => {
    const root = await mkdtemp(join(tmpdir(), "sluice-tags-"));
    const tags: (string | null)[] = [];
    for (const method of ["PUT", "HEAD", "HEAD"]) {
      await using running = await startServer({ root });
      const answer = await running.fetch("/files/a", { method, ...(method === "PUT" && { body: "x" }) });
      tags.push(answer.headers.get("etag"));
    }
    await rm(root, { recursive: true });
    expect(tags[0]).toMatch(/^"[^"]+"$/);
    expect(new Set(tags).size).toBe(1);
  });
});
