// Digests of uploads: verified before the file is published, returned on request.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { problemIn } from "../../support/problem.ts";
import { startServer, type TestServer } from "../../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const put = (path: string, body: RequestInit["body"] = "hello", headers: Record<string, string> = {}) =>
  server.fetch(`/files/${path}`, { method: "PUT", body: body ?? null, headers });

const onDisk = (path: string) => Bun.file(join(server.root, path));

/** The remains of unfinished uploads. */
const temporaries = () => readdir(join(server.root, ".sluice/uploads"));

describe("digests (RFC 9530)", () => {
  const digest = (algorithm: "sha256" | "sha512", text: string): string =>
    new Bun.CryptoHasher(algorithm).update(text).digest("base64");
  const right256 = `sha-256=:${digest("sha256", "hello")}:`;
  const right512 = `sha-512=:${digest("sha512", "hello")}:`;
  const wrong256 = `sha-256=:${digest("sha256", "other")}:`;
  const wrong512 = `sha-512=:${digest("sha512", "other")}:`;

  test.each(["repr-digest", "content-digest"])("a correct %s is accepted", async (header) => {
    for (const value of [right256, right512, `${right256}, ${right512}`, `unixsum=30637, ${right256}`])
      expect((await put("digest", "hello", { [header]: value })).ok).toBe(true);
  });

  test.each(["repr-digest", "content-digest"])("with a wrong %s nothing is published", async (header) => {
    for (const value of [wrong256, wrong512, `${right256}, ${wrong512}`]) {
      await problemIn(await put(`wrong-${header}`, "hello", { [header]: value }), "digest_mismatch");
      expect(await onDisk(`wrong-${header}`).exists()).toBe(false);
    }
    expect(await temporaries()).toEqual([]);
  });

  test("both digests must be correct", async () => {
    const headers = { "repr-digest": right256, "content-digest": wrong256 };
    await problemIn(await put("both", "hello", headers), "digest_mismatch");
  });

  test("with a wrong digest the old file is not changed", async () => {
    await put("kept", "old");
    await problemIn(await put("kept", "hello", { "repr-digest": wrong256 }), "digest_mismatch");
    expect(await onDisk("kept").text()).toBe("old");
  });

  test.each([
    "sha-256",
    "sha-256=abc",
    "sha-256=:x:",
    "sha-256=::",
    "sha-256=:YWJj:",
    "sha-256=1",
    "=",
    ":::",
  ])("%s is not a digest", async (value) => {
    await problemIn(await put("syntax", "hello", { "repr-digest": value }), "invalid_digest");
    expect(await onDisk("syntax").exists()).toBe(false);
  });

  test("unsupported algorithms are ignored", async () => {
    expect((await put("md5", "hello", { "repr-digest": "md5=:AAAA:, crc32c=:AAAA:" })).status).toBe(201);
  });

  test("Want-Repr-Digest is answered with the preferred algorithm", async () => {
    const want = async (value: string) =>
      (await put("want", "hello", { "want-repr-digest": value })).headers.get("repr-digest");
    expect(await want("sha-256=1")).toBe(right256);
    expect(await want("sha-512=3, sha-256=10")).toBe(right256);
    expect(await want("sha-512=10, sha-256=3")).toBe(right512);
    expect(await want("md5=10")).toBeNull();
    expect(await want("sha-256=0")).toBeNull();
    expect(await want("nonsense nonsense")).toBeNull();
  });

  test("without Want-Repr-Digest no digest is returned", async () => {
    const answer = await put("unasked", "hello", { "repr-digest": right256 });
    expect(answer.headers.get("repr-digest")).toBeNull();
  });
});
