// Limits of resumable uploads against malicious clients: lengths, headers, foreign ids, and expiry.

import { afterAll, beforeAll, describe, expect, setSystemTime, test } from "bun:test";
import { mkdtemp, readdir, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProblemCode } from "../../../src/errors.ts";
import { makeOlder } from "../../support/age.ts";
import { problemIn } from "../../support/problem.ts";
import { connect } from "../../support/raw.ts";
import { startServer, type TestServer, until } from "../../support/server.ts";
import { base64, named, TUS, tusClient } from "../../support/tus-client.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ maxFileSize: 1_000_000 });
});
afterAll(() => server.stop());

/** Sends a request with exactly these header lines, which may be repeated. */
async function raw(method: string, path: string, headers: string[], body = "") {
  using line = await connect(server.url);
  await line.send(
    `${[`${method} ${path} HTTP/1.1`, "host: localhost", `content-length: ${body.length}`, ...headers].join("\r\n")}\r\n\r\n${body}`,
  );
  return await line.answer({ head: method === "HEAD" });
}

const kept = () => tusClient(server).kept();
const DRAFT = ["upload-draft-interop-version: 10", "upload-complete: ?0"];

describe("lengths of tus", () => {
  test.each<[string, string[], ProblemCode]>([
    ["missing", [], "invalid_request"],
    ["twice the same", ["upload-length: 5", "upload-length: 5"], "invalid_request"],
    ["twice another", ["upload-length: 5", "upload-length: 6"], "invalid_request"],
    ["with a deferred one", ["upload-length: 5", "upload-defer-length: 1"], "invalid_request"],
    ["negative", ["upload-length: -5"], "invalid_request"],
    ["with a sign", ["upload-length: +5"], "invalid_request"],
    ["a fraction", ["upload-length: 5.0"], "invalid_request"],
    ["a power", ["upload-length: 1e3"], "invalid_request"],
    ["hexadecimal", ["upload-length: 0x5"], "invalid_request"],
    ["with zeros before it", ["upload-length: 005"], "invalid_request"],
    ["no number", ["upload-length: NaN"], "invalid_request"],
    ["infinite", ["upload-length: Infinity"], "invalid_request"],
    ["empty", ["upload-length: "], "invalid_request"],
    ["one more than allowed", ["upload-length: 1000001"], "file_too_large"],
    ["beyond exact numbers", ["upload-length: 9007199254740993"], "file_too_large"],
    ["of 400 digits", [`upload-length: ${"9".repeat(400)}`], "file_too_large"],
  ])("%s", async (_, lengths, code) => {
    const before = await kept();
    await problemIn(await raw("POST", "/uploads", ["tus-resumable: 1.0.0", ...lengths]), code);
    expect(await kept()).toEqual(before);
  });
});

describe("lengths of Resumable Uploads for HTTP", () => {
  test.each([
    ["negative", "-5"],
    ["a fraction", "5.0"],
    ["a text", '"5"'],
    ["no number", "NaN"],
    ["of 16 digits", "9".repeat(16)],
    ["twice", "5, 6"],
  ])("%s is ignored", async (_, length) => {
    const made = await raw("POST", "/uploads", [...DRAFT, `upload-length: ${length}`]);
    expect(made.status).toBe(201);
    expect(made.headers.get("upload-length")).toBeNull();
  });

  test.each<[string, string[], ProblemCode]>([
    ["one more than allowed", ["upload-length: 1000001"], "file_too_large"],
    ["the largest there is", ["upload-length: 999999999999999"], "file_too_large"],
  ])("%s is refused, with the limit", async (_, lengths, code) => {
    const before = await kept();
    const answer = await raw("POST", "/uploads", [...DRAFT, ...lengths]);
    expect(answer.headers.get("upload-limit")).toContain("max-size=1000000");
    await problemIn(answer, code);
    expect(await kept()).toEqual(before);
  });
});

test.each(["-1", "1.5", "NaN", "", "1e1", "9007199254740993", "0, 0"])(
  "an offset of %p adds nothing",
  async (offset) => {
    const client = tusClient(server);
    const url = await client.create({ "upload-length": "5" });
    const headers = ["tus-resumable: 1.0.0", "content-type: application/offset+octet-stream"];
    await problemIn(
      await raw("PATCH", url, [...headers, `upload-offset: ${offset}`], "abc"),
      "invalid_request",
    );
    expect(await client.offsetOf(url)).toBe("0");
  },
);

describe("Upload-Metadata", () => {
  const pairs = (count: number) => Array.from({ length: count }, (_, index) => `k${index} YQ==`).join(",");
  test.each([
    ["of 65 pairs", pairs(65)],
    ["of more than 8 KiB", `filename ${base64("x".repeat(7000))}`],
    ["with a key twice", "a YQ==,a YQ=="],
    ["of commas", ",".repeat(5000)],
    ["of spaces and commas", " ,".repeat(3000)],
    ["that is no base64", "filename %%%%"],
  ])("%s is refused", async (_, metadata) => {
    const before = await kept();
    const answer = await raw("POST", "/uploads", [
      "tus-resumable: 1.0.0",
      "upload-length: 5",
      `upload-metadata: ${metadata}`,
    ]);
    await problemIn(answer, "invalid_request");
    expect(await kept()).toEqual(before);
  });

  test("of 64 pairs is stored, and the metadata file stays small", async () => {
    const client = tusClient(server);
    const url = await client.create({ "upload-length": "5", "upload-metadata": pairs(64) });
    expect((await client.head(url)).headers.get("upload-metadata")).toBe(pairs(64));
    const note = join(server.root, ".sluice/kept", `${url.slice("/uploads/".length)}.note`);
    expect(Bun.file(note).size).toBeLessThan(16_384);
  });
});

describe("a client that does not know the id", () => {
  test("can neither read the state, nor append, nor cancel", async () => {
    const client = tusClient(server);
    const url = await client.create({
      "upload-length": "5",
      ...named("foreign.txt"),
      "x-request-id": "a-request",
    });
    const id = url.slice("/uploads/".length);
    const guesses = [
      "a-request",
      "foreign.txt",
      id.slice(0, 21),
      `${id}x`,
      id.toUpperCase(),
      "..%2fkept",
      `${id}.note`,
    ];
    for (const guess of guesses.filter((guess) => guess !== id)) {
      const answers = [
        await client.head(`/uploads/${guess}`),
        await client.patch(`/uploads/${guess}`, 0, "abc"),
        await client.cancel(`/uploads/${guess}`),
      ];
      expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
    }
    expect(await client.offsetOf(url)).toBe("0");
  });

  test("cannot find it in lists, names, the log or served files", async () => {
    const client = tusClient(server);
    const url = await client.create({ "upload-length": "5" });
    const id = url.slice("/uploads/".length);
    await client.patch(url, 0, "abc");
    const listed = await (await server.fetch("/api/uploads")).text();
    expect(listed).toContain('"state":"waiting"');
    await client.patch(url, 3, "de");
    const entries = await (await server.fetch("/api/entries")).text();
    // Nor a part of it, which would make it easier to guess.
    for (const text of [listed, entries]) expect(text).not.toContain(id.slice(0, 8));
    expect((await server.fetch(`/files/.sluice/kept/${id}.note`)).status).toBe(400);
  });

  test("has no access to uploads with the grant read alone", async () => {
    const root = await mkdtemp(join(tmpdir(), "sluice-limits-"));
    try {
      let url = "";
      {
        await using first = await startServer({ root });
        url = await tusClient(first).create({ "upload-length": "5", ...named("a.txt") });
      }
      await using second = await startServer({ root, allow: new Set(["read", "delete"]) });
      for (const method of ["HEAD", "PATCH", "DELETE", "GET"])
        expect((await second.fetch(url, { method, headers: TUS })).status).toBe(403);
      expect(await (await second.fetch("/api/uploads")).text()).not.toContain(url.slice("/uploads/".length));
      expect(await readdir(join(root, ".sluice/kept"))).toHaveLength(2);
    } finally {
      await rm(root, { recursive: true });
    }
  });
});

test("--upload-expiry counts from the last activity, also after a restart; finished files are kept", async () => {
  const root = await mkdtemp(join(tmpdir(), "sluice-expiry-"));
  try {
    const [old, young] = ["old.txt", "young.txt"];
    const urls: Record<string, string> = {};
    {
      await using first = await startServer({ root, uploadExpiry: 3600 });
      const client = tusClient(first);
      for (const name of [old, young]) {
        urls[name] = await client.create({ "upload-length": "6", ...named(name) });
        await client.patch(urls[name] ?? "", 0, "abc");
      }
      await client.patch(await client.create({ "upload-length": "3", ...named("done.txt") }), 0, "abc");
    }
    const kept = join(root, ".sluice/kept");
    const past = new Date(Date.now() - 3_700_000);
    await makeOlder(root, 3_700_000);
    const idOf = (name: string) => urls[name]?.slice("/uploads/".length) ?? "";
    for (const name of await readdir(kept))
      if (!name.startsWith(idOf(young))) await utimes(join(kept, name), past, past);
    await using second = await startServer({ root, uploadExpiry: 3600 });
    const client = tusClient(second);
    expect((await client.head(urls[old] ?? "")).status).toBe(410);
    const asked = await client.head(urls[young] ?? "");
    expect(asked.headers.get("upload-offset")).toBe("3");
    const expires = Date.parse(asked.headers.get("upload-expires") ?? "");
    expect(Math.abs(expires - Date.now() - 3_600_000)).toBeLessThan(60_000);
    second.app.decorator.services.uploads.sweep();
    await until("only the recent one is kept", async () =>
      (await readdir(kept)).every((name) => name.startsWith(idOf(young))),
    );
    expect(await client.text("done.txt")).toBe("abc");
    expect(await Bun.file(join(root, old)).exists()).toBe(false);
  } finally {
    await rm(root, { recursive: true });
  }
});

test("a clock that is set forward ends no upload, also over a restart", async () => {
  const root = await mkdtemp(join(tmpdir(), "sluice-expiry-"));
  try {
    let url = "";
    {
      await using first = await startServer({ root, uploadExpiry: 3600 });
      const client = tusClient(first);
      url = await client.create({ "upload-length": "6", ...named("a.txt") });
      await client.patch(url, 0, "abc");
      setSystemTime(Date.now() + 86_400_000);
      expect((await client.head(url)).status).toBe(200);
    }
    setSystemTime(Date.now() + 86_400_000);
    await using second = await startServer({ root, uploadExpiry: 3600 });
    const client = tusClient(second);
    second.app.decorator.services.uploads.sweep();
    expect((await client.head(url)).headers.get("upload-offset")).toBe("3");
    await client.patch(url, 3, "def");
    expect(await client.text("a.txt")).toBe("abcdef");
  } finally {
    setSystemTime();
    await rm(root, { recursive: true });
  }
});
