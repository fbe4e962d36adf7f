// PUT /files/{path}: the body is the file.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { SavedFile } from "../../../src/routes/openapi/shapes.ts";
import { formatTime } from "../../../src/units.ts";
import { bodyIn } from "../../support/answer.ts";
import { problemIn } from "../../support/problem.ts";
import { TRUSTING } from "../../support/protocol.ts";
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

describe("a new file", () => {
  test("is answered with its location and tag, and saved byte for byte", async () => {
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
      /^Saved in \d+ ms\.$| (was the limit|came closest): \d+ % of the time .* at \d.* [kMG]?B\/s\./,
    );
    const timing = answer.headers.get("server-timing") ?? "";
    expect(timing.split(", ").map((part) => part.split(";")[0])).toEqual([
      ..."network disk sync hash other total".split(" "),
    ]);
    expect(timing).toContain(`total;dur=${(flow.seconds * 1000).toFixed(1)}`);
    const line = server.log.find((text) => text.includes("flow.bin"));
    expect(line).toContain(`saved flow.bin · 3 MB in ${formatTime(flow.seconds)}`);
  });

  test("is saved with missing parent folders", async () => {
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

  test("may be sent chunked, and be larger than all buffers", async () => {
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

  test("is saved under the decoded name, whatever its characters", async () => {
    const name = `ü 漢字 😀 #?&+;="'%25<>:*|.txt`;
    const answer = await put(encodeURIComponent(name));
    expect(answer.headers.get("location")).toBe(`/files/${encodeURIComponent(name)}`);
    expect(await answer.json()).toMatchObject({ path: name, name });
    expect(await (await server.fetch(answer.headers.get("location") ?? "")).text()).toBe("hello");
  });

  test("with two Unicode forms of its name is the same file", async () => {
    await put(encodeURIComponent("cafe\u0301.txt"), "one");
    const again = await put(encodeURIComponent("caf\u00e9.txt"), "two");
    expect(again.status).toBe(200);
    expect(await again.json()).toMatchObject({ path: "caf\u00e9.txt" });
  });
});

describe("a form as the body", () => {
  test.each<[string, Record<string, string>]>([
    ["as clients send it", {}],
    ["without a boundary", { "content-type": "multipart/form-data" }],
    ["in other letters", { "content-type": " Multipart/FORM-DATA ; boundary=b" }],
  ])("%s is refused, and the file of that name stays as it is", async (_, headers) => {
    await put("form/a.txt", "kept");
    const body = new FormData();
    body.set("file", new File(["sent"], "a.txt"));
    const { detail } = await problemIn(await put("form/a.txt", body, headers), "unsupported_type");
    expect(detail).toContain("send the file itself");
    await put("form/new.txt", body, headers);
    expect(await readdir(join(server.root, "form"))).toEqual(["a.txt"]);
    expect(await onDisk("form/a.txt").text()).toBe("kept");
    expect(await temporaries()).toEqual([]);
  });

  test("sent by curl -F is refused too", async () => {
    const curl = Bun.spawn(
      [
        "curl",
        ...TRUSTING.curl,
        "-sS",
        "-X",
        "PUT",
        "-F",
        `file=@${import.meta.path}`,
        `${server.url}/files/form/curl.ts`,
      ],
      { stdout: "pipe", stderr: "pipe" },
    );
    expect(await curl.stdout.json()).toMatchObject({ status: 415, code: "unsupported_type" });
    expect(await onDisk("form/curl.ts").exists()).toBe(false);
  });
});

describe("a taken name", () => {
  test("is replaced: 200, with a new tag", async () => {
    const first = await put("replace.txt", "one");
    const second = await put("replace.txt", "two");
    expect(second.status).toBe(200);
    expect(second.headers.get("location")).toBe("/files/replace.txt");
    expect(second.headers.get("etag")).not.toBe(first.headers.get("etag"));
    expect(await onDisk("replace.txt").text()).toBe("two");
  });

  test("with ?conflict=rename gets a number, and the answer states the requested name", async () => {
    await put("archive.tar.gz", "one");
    const answer = await put("archive.tar.gz?conflict=rename", "two");
    expect(answer.status).toBe(201);
    expect(answer.headers.get("location")).toBe("/files/archive%20(1).tar.gz");
    expect(await answer.json()).toMatchObject({ name: "archive (1).tar.gz", renamedFrom: "archive.tar.gz" });
    expect(await onDisk("archive.tar.gz").text()).toBe("one");
    expect(await onDisk("archive (1).tar.gz").text()).toBe("two");
  });

  test("with ?conflict=fail is answered with 409, and nothing changes", async () => {
    await put("fail.txt", "one");
    await problemIn(await put("fail.txt?conflict=fail", "two"), "name_taken");
    expect(await onDisk("fail.txt").text()).toBe("one");
    expect((await put("fail-new.txt?conflict=fail")).status).toBe(201);
  });

  test("an invalid ?conflict is refused with the allowed values", async () => {
    const { errors } = await problemIn(await put("x?conflict=merge"), "invalid_request");
    expect(errors).toEqual([
      { code: "invalid_value", pointer: "/query/conflict", detail: "Use one of: rename, replace, fail." },
    ]);
  });

  test("of a folder is answered with 409", async () => {
    await put("folder/file");
    await problemIn(await put("folder"), "is_folder");
    await problemIn(await put("folder?conflict=fail"), "is_folder");
    await problemIn(await put("folder/file/below"), "not_a_folder");
  });

  test("without the grant replace is answered with 403, which names the grant and the flag", async () => {
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

  test("of many concurrent uploads with one name, one file remains, complete", async () => {
    const texts = Array.from({ length: 30 }, (_, index) => String(index).repeat(1000));
    const answers = await Promise.all(texts.map((text) => put("contested", text)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array(29).fill(200), 201]);
    expect(texts).toContain(await onDisk("contested").text());
    expect(await temporaries()).toEqual([]);
  });
});
