// PUT /files/{path}: the body is the file.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { SavedFile } from "../../src/routes/shapes.ts";
import { problemIn } from "../support/problem.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { bodyIn } from "../support/shape.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const put = (path: string, body: RequestInit["body"] = "hello", headers: Record<string, string> = {}) =>
  server.fetch(`/files/${path}`, { method: "PUT", body: body ?? null, headers });

const onDisk = (path: string) => Bun.file(join(server.root, path));

/** What unfinished uploads left behind. */
const temporaries = () => readdir(join(server.root, ".sluice/uploads"));

describe("a new file", () => {
  test("is told with its place and its tag, and is on the disk byte for byte", async () => {
    const answer = await put("new.txt");
    expect(answer.status).toBe(201);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("location")).toBe("/files/new.txt");
    const file = await bodyIn(SavedFile, answer);
    expect(answer.headers.get("etag")).toBe(file.etag);
    expect(file).toEqual({
      path: expect.stringMatching(/^new\.txt$/),
      name: "new.txt",
      size: 5,
      etag: expect.stringMatching(/^"[^"]+"$/),
      modified: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      url: "/files/new.txt",
      flow: expect.any(Object),
    });
    expect(await onDisk("new.txt").text()).toBe("hello");
    expect(await temporaries()).toEqual([]);
  });

  test("reports where the time went, in the body, in Server-Timing and in the log", async () => {
    const answer = await put("flow.bin", new Uint8Array(3_000_000));
    const { flow } = await bodyIn(SavedFile, answer);
    expect(flow.bytes).toBe(3_000_000);
    const sum = Object.values(flow.waits).reduce((total, part) => total + part, 0);
    expect(Math.abs(sum - flow.seconds)).toBeLessThan(flow.seconds / 100);
    expect(flow.explanation).toMatch(
      / (was the limit|came closest): \d+ % of the time .* at \d.* [kMG]?B\/s\./,
    );
    const timing = answer.headers.get("server-timing") ?? "";
    expect(timing.split(", ").map((part) => part.split(";")[0])).toEqual([
      ..."network disk sync hash other total".split(" "),
    ]);
    expect(timing).toContain(`total;dur=${(flow.seconds * 1000).toFixed(1)}`);
    const line = server.log.find((text) => text.includes("flow.bin"));
    expect(line).toContain(`saved flow.bin · 3MB in ${flow.seconds.toFixed(2)} s · ${flow.explanation}`);
  });

  test("gets the folders above it", async () => {
    const answer = await put("a/b/c/d.txt");
    expect(answer.status).toBe(201);
    expect(await onDisk("a/b/c/d.txt").text()).toBe("hello");
  });

  test("may be empty, with Content-Length: 0 or without a body", async () => {
    for (const body of ["", null]) {
      const answer = await put("empty", body);
      expect(answer.ok).toBe(true);
      expect(await answer.json()).toMatchObject({ size: 0, flow: { bytes: 0, bytesPerSecond: 0 } });
      expect((await stat(join(server.root, "empty"))).size).toBe(0);
    }
  });

  test("may come in chunks, larger than everything that is kept in memory", async () => {
    const size = 40_000_000;
    const hash = new Bun.CryptoHasher("sha256");
    const body = new ReadableStream({
      start(controller) {
        for (let at = 0; at < size; at += 1_000_000) {
          const chunk = crypto.getRandomValues(new Uint8Array(65_536));
          const piece = Buffer.concat(Array.from({ length: 16 }, () => chunk)).subarray(0, 1_000_000);
          hash.update(piece);
          controller.enqueue(piece);
        }
        controller.close();
      },
    });
    const answer = await put("chunked.bin", body);
    expect(await answer.json()).toMatchObject({ size });
    const saved = new Bun.CryptoHasher("sha256").update(await onDisk("chunked.bin").bytes());
    expect(saved.digest("hex")).toBe(hash.digest("hex"));
  });

  test("%2F and / mean the same", async () => {
    const answer = await put("slash%2Fnested%2Ff.txt");
    expect(answer.headers.get("location")).toBe("/files/slash/nested/f.txt");
    expect(await onDisk("slash/nested/f.txt").text()).toBe("hello");
  });

  test("keeps every letter of its name, once decoded", async () => {
    const name = `ü 漢字 😀 #?&+;="'%25<>:*|.txt`;
    const answer = await put(encodeURIComponent(name));
    expect(answer.headers.get("location")).toBe(`/files/${encodeURIComponent(name)}`);
    expect(await answer.json()).toMatchObject({ path: name, name });
    expect(await (await server.fetch(answer.headers.get("location") ?? "")).text()).toBe("hello");
  });

  test("names of one letter in two Unicode forms are one file", async () => {
    await put(encodeURIComponent("cafe\u0301.txt"), "one");
    const again = await put(encodeURIComponent("caf\u00e9.txt"), "two");
    expect(again.status).toBe(200);
    expect(await again.json()).toMatchObject({ path: "caf\u00e9.txt" });
  });
});

describe("a taken name", () => {
  test("is replaced: 200, another tag", async () => {
    const first = await put("replace.txt", "one");
    const second = await put("replace.txt", "two");
    expect(second.status).toBe(200);
    expect(second.headers.get("location")).toBe("/files/replace.txt");
    expect(second.headers.get("etag")).not.toBe(first.headers.get("etag"));
    expect(await onDisk("replace.txt").text()).toBe("two");
  });

  test("with ?conflict=rename gets a number, and says what was asked for", async () => {
    await put("archive.tar.gz", "one");
    const answer = await put("archive.tar.gz?conflict=rename", "two");
    expect(answer.status).toBe(201);
    expect(answer.headers.get("location")).toBe("/files/archive%20(1).tar.gz");
    expect(await answer.json()).toMatchObject({ name: "archive (1).tar.gz", renamedFrom: "archive.tar.gz" });
    expect(await onDisk("archive.tar.gz").text()).toBe("one");
    expect(await onDisk("archive (1).tar.gz").text()).toBe("two");
  });

  test("with ?conflict=fail is 409, and nothing changes", async () => {
    await put("fail.txt", "one");
    await problemIn(await put("fail.txt?conflict=fail", "two"), "name_taken");
    expect(await onDisk("fail.txt").text()).toBe("one");
    expect((await put("fail-new.txt?conflict=fail")).status).toBe(201);
  });

  test("another word for ?conflict is refused with all that are allowed", async () => {
    const { errors } = await problemIn(await put("x?conflict=merge"), "invalid_request");
    expect(errors).toEqual([
      { code: "invalid_value", pointer: "/query/conflict", detail: "Use one of: rename, replace, fail." },
    ]);
  });

  test("is a folder's: 409", async () => {
    await put("folder/file");
    await problemIn(await put("folder"), "is_folder");
    await problemIn(await put("folder?conflict=fail"), "is_folder");
    await problemIn(await put("folder/file/below"), "not_a_folder");
  });

  test("without the grant to replace is 403, which names the grant and the flag", async () => {
    await using strict = await startServer({ allow: new Set(["read", "write"]) });
    const send = (query = "") => strict.fetch(`/files/a${query}`, { method: "PUT", body: "x" });
    expect((await send()).status).toBe(201);
    const { detail } = await problemIn(await send(), "not_allowed");
    expect(detail).toContain("`replace`");
    expect(detail).toContain("--allow");
    await problemIn(await send("?conflict=replace"), "not_allowed");
    await problemIn(await send("?conflict=fail"), "name_taken");
    expect((await send("?conflict=rename")).status).toBe(201);
  });

  test("the default can be set with --conflict", async () => {
    await using careful = await startServer({ conflict: "fail" });
    const send = () => careful.fetch("/files/a", { method: "PUT", body: "x" });
    await send();
    await problemIn(await send(), "name_taken");
  });

  test("of many at once under one name every byte is in one of them, and one of them wins", async () => {
    const texts = Array.from({ length: 30 }, (_, index) => String(index).repeat(1000));
    const answers = await Promise.all(texts.map((text) => put("contested", text)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array(29).fill(200), 201]);
    expect(texts).toContain(await onDisk("contested").text());
    expect(await temporaries()).toEqual([]);
  });
});

describe("conditions (RFC 9110 section 13)", () => {
  /** A file, and sends it again with these headers. */
  async function again(name: string, headers: (etag: string, modified: Date) => Record<string, string>) {
    const first = await put(name, "one");
    const { etag, modified } = await bodyIn(SavedFile, first);
    return put(name, "two", headers(etag, new Date(modified)));
  }
  const holds = async (answer: Response): Promise<void> => expect(answer.status).toBe(200);
  const fails = async (answer: Response, header: string): Promise<void> => {
    expect((await problemIn(answer, "precondition_failed")).detail).toContain(`\`${header}\``);
  };

  test("If-None-Match: * makes, and never replaces", async () => {
    expect((await put("none", "one", { "if-none-match": "*" })).status).toBe(201);
    await fails(await put("none", "two", { "if-none-match": "*" }), "If-None-Match");
    expect(await onDisk("none").text()).toBe("one");
  });

  test("If-None-Match with a tag", async () => {
    await fails(await again("none-tag", (etag) => ({ "if-none-match": `"x", ${etag}` })), "If-None-Match");
    await fails(await again("none-tag", (etag) => ({ "if-none-match": `W/${etag}` })), "If-None-Match");
    await holds(await again("none-tag", () => ({ "if-none-match": '"x"' })));
  });

  test("If-Match with the tag, alone or in a list, or *", async () => {
    await holds(await again("match", (etag) => ({ "if-match": etag })));
    await holds(await again("match", (etag) => ({ "if-match": `"x" , ${etag},"y"` })));
    await holds(await again("match", () => ({ "if-match": "*" })));
  });

  test("If-Match with another tag, a weak one, none, or no file", async () => {
    await fails(await again("match-not", () => ({ "if-match": '"x"' })), "If-Match");
    await fails(await again("match-not", (etag) => ({ "if-match": `W/${etag}` })), "If-Match");
    await fails(await again("match-not", (etag) => ({ "if-match": etag.slice(1, -1) })), "If-Match");
    await fails(await put("match-new", "x", { "if-match": "*" }), "If-Match");
    expect(await onDisk("match-not").text()).toBe("one");
    expect(await onDisk("match-new").exists()).toBe(false);
  });

  test("If-Unmodified-Since", async () => {
    await holds(await again("since", (_, modified) => ({ "if-unmodified-since": modified.toUTCString() })));
    const early = (_: string, modified: Date) => ({
      "if-unmodified-since": new Date(modified.getTime() - 2000).toUTCString(),
    });
    await fails(await again("since", early), "If-Unmodified-Since");
    await holds(await again("since", () => ({ "if-unmodified-since": "yesterday" })));
    await holds(await again("since", (etag, at) => ({ "if-match": etag, ...early("", at) })));
  });

  test("a failed condition comes before the rules of names", async () => {
    await put("order", "one");
    await fails(await put("order?conflict=fail", "two", { "if-match": '"x"' }), "If-Match");
  });
});

describe("a request that cannot be kept", () => {
  test("Content-Range", async () => {
    await problemIn(await put("range", "abc", { "content-range": "bytes 0-2/10" }), "content_range");
    expect(await onDisk("range").exists()).toBe(false);
  });

  test("Content-Encoding other than identity", async () => {
    for (const encoding of ["gzip", "br", "gzip, identity", "x"]) {
      const answer = await put("encoded", "abc", { "content-encoding": encoding });
      expect(answer.headers.get("accept-encoding")).toBe("identity");
      await problemIn(answer, "unsupported_encoding");
    }
    expect(await onDisk("encoded").exists()).toBe(false);
    expect((await put("encoded", "abc", { "content-encoding": "Identity" })).status).toBe(201);
  });
});

describe("digests (RFC 9530)", () => {
  const digest = (algorithm: "sha256" | "sha512", text: string): string =>
    new Bun.CryptoHasher(algorithm).update(text).digest("base64");
  const right256 = `sha-256=:${digest("sha256", "hello")}:`;
  const right512 = `sha-512=:${digest("sha512", "hello")}:`;
  const wrong256 = `sha-256=:${digest("sha256", "other")}:`;
  const wrong512 = `sha-512=:${digest("sha512", "other")}:`;

  test.each(["repr-digest", "content-digest"])("%s that is right", async (header) => {
    for (const value of [right256, right512, `${right256}, ${right512}`, `unixsum=30637, ${right256}`])
      expect((await put("digest", "hello", { [header]: value })).ok).toBe(true);
  });

  test.each(["repr-digest", "content-digest"])("%s that is wrong: nothing is published", async (header) => {
    for (const value of [wrong256, wrong512, `${right256}, ${wrong512}`]) {
      await problemIn(await put(`wrong-${header}`, "hello", { [header]: value }), "digest_mismatch");
      expect(await onDisk(`wrong-${header}`).exists()).toBe(false);
    }
    expect(await temporaries()).toEqual([]);
  });

  test("both must be right", async () => {
    const headers = { "repr-digest": right256, "content-digest": wrong256 };
    await problemIn(await put("both", "hello", headers), "digest_mismatch");
  });

  test("a wrong one does not touch the old file", async () => {
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

  test("algorithms that are not checked are ignored", async () => {
    expect((await put("md5", "hello", { "repr-digest": "md5=:AAAA:, crc32c=:AAAA:" })).status).toBe(201);
  });

  test("Want-Repr-Digest is answered with the one that is liked most", async () => {
    const want = async (value: string) =>
      (await put("want", "hello", { "want-repr-digest": value })).headers.get("repr-digest");
    expect(await want("sha-256=1")).toBe(right256);
    expect(await want("sha-512=3, sha-256=10")).toBe(right256);
    expect(await want("sha-512=10, sha-256=3")).toBe(right512);
    expect(await want("md5=10")).toBeNull();
    expect(await want("sha-256=0")).toBeNull();
    expect(await want("nonsense nonsense")).toBeNull();
  });

  test("nothing is told that nobody asked for", async () => {
    const answer = await put("unasked", "hello", { "repr-digest": right256 });
    expect(answer.headers.get("repr-digest")).toBeNull();
  });
});
