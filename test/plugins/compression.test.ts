// Listings and the page are compressed for clients that accept it, files never are; each coding has its own tag.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startServer, type TestServer } from "../support/server.ts";

const NAMES = Array.from({ length: 200 }, (_, index) => `file-${String(index).padStart(3, "0")}.txt`);

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await mkdir(join(server.root, "many"));
  await Promise.all(NAMES.map((name) => writeFile(join(server.root, "many", name), "x")));
  await writeFile(join(server.root, "page.html"), "x".repeat(100_000));
  await writeFile(join(server.root, "data.json"), "[]".padEnd(100_000));
});
afterAll(() => server.stop());

/** A response as received, not decoded. */
async function ask(path: string, headers: Record<string, string> = {}, method = "GET") {
  const answer = await fetch(server.url + path, {
    method,
    headers: { "accept-encoding": "", ...headers },
    decompress: false,
  });
  return { status: answer.status, headers: answer.headers, bytes: await answer.bytes() };
}

const decoders = { gzip: Bun.gunzipSync, zstd: Bun.zstdDecompressSync } as const;

test.each(["gzip", "zstd"] as const)(
  "a listing as %s is the same listing, and a tenth of it",
  async (coding) => {
    for (const [path, accept] of [
      ["/api/entries?folder=many&limit=1000", "*/*"],
      ["/files/many/", "application/json"],
    ] as const) {
      const plain = await ask(path, { accept, "accept-encoding": "identity" });
      const packed = await ask(path, { accept, "accept-encoding": coding });
      expect(plain.headers.get("content-encoding")).toBeNull();
      expect(packed.headers.get("content-encoding")).toBe(coding);
      expect(packed.headers.get("content-type")).toStartWith("application/json");
      expect(Number(packed.headers.get("content-length"))).toBe(packed.bytes.byteLength);
      expect(packed.bytes.byteLength).toBeLessThan(plain.bytes.byteLength / 5);
      expect(Buffer.from(decoders[coding](Buffer.from(packed.bytes))).equals(Buffer.from(plain.bytes))).toBe(
        true,
      );
      const head = await ask(path, { accept, "accept-encoding": coding }, "HEAD");
      for (const name of ["content-length", "content-encoding", "vary"])
        expect(head.headers.get(name)).toBe(packed.headers.get(name));
      expect(head.bytes.byteLength).toBe(0);
      for (const { headers } of [plain, packed]) expect(headers.get("vary")).toContain("Accept-Encoding");
    }
  },
);

test("small responses, errors and files are not compressed", async () => {
  for (const path of [
    "/api/entries?folder=many&limit=1",
    "/health",
    "/files/page.html",
    "/files/data.json",
    "/files/absent",
  ]) {
    const { headers } = await ask(path, { "accept-encoding": "gzip, zstd" });
    expect([path, headers.get("content-encoding")]).toEqual([path, null]);
  }
});

test.each(["/", "/app.js", "/base.css", "/favicon.svg", "/swagger/scalar.js"])(
  "%s: each form has a tag by which it is not sent again",
  async (path) => {
    const tags = new Set<string>();
    for (const coding of ["identity", "gzip", "zstd"]) {
      const first = await ask(path, { "accept-encoding": coding });
      const etag = first.headers.get("etag") ?? "";
      expect(etag).toMatch(/^"[\w-]+"$/);
      expect(first.headers.get("vary")).toContain("Accept-Encoding");
      tags.add(etag);
      const again = await ask(path, { "accept-encoding": coding, "if-none-match": etag });
      expect([again.status, again.bytes.byteLength, again.headers.get("etag")]).toEqual([304, 0, etag]);
    }
    const small = (await ask(path, { "accept-encoding": "identity" })).bytes.byteLength < 1024;
    expect(tags.size).toBe(small ? 1 : 3);
  },
);

test.each<[string, Record<string, string>, boolean]>([
  [
    "another website, by a link or an image",
    { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
    false,
  ],
  ["a sister of this host", { "sec-fetch-site": "same-site", "sec-fetch-mode": "navigate" }, false],
  ["another website, in an old browser", { referer: "https://evil.example/" }, false],
  ["the page", { "sec-fetch-site": "same-origin" }, true],
  ["a person who types the address", { "sec-fetch-site": "none" }, true],
])(
  "the length of a compressed answer tells other websites nothing (BREACH, CVE-2013-3587): %s",
  async (_, sent, packed) => {
    const { headers } = await ask("/", { accept: "text/html", "accept-encoding": "gzip", ...sent });
    expect(headers.get("content-encoding")).toBe(packed ? "gzip" : null);
  },
);

test("a page that names itself in Referer gets compressed answers in old browsers", async () => {
  const { headers } = await ask("/", { "accept-encoding": "gzip", referer: `${server.url}/files/` });
  expect(headers.get("content-encoding")).toBe("gzip");
});
