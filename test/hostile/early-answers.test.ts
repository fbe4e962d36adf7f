// Responses before the body was read: every client can read them, even while it continues sending.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProblemCode } from "../../src/errors.ts";
import { patient } from "../support/patience.ts";
import { problemIn } from "../support/problem.ts";
import { CHUNKED, chunk, FORM, filePart, head, LAST_CHUNK } from "./requests.ts";
import { startTarget, type Target } from "./target.ts";

setDefaultTimeout(patient(20_000));

/** A large body that is refused. */
const LARGE = 200_000_000;
const MB = "x".repeat(1_000_000);

let server: Target;
let full: Target;
let file: string;
beforeAll(async () => {
  server = await startTarget({
    allow: "read,write",
    flags: ["--max-file-size", "100MB", "--max-files", "1"],
    prepare: async (root) => {
      await writeFile(join(root, "taken"), "taken");
      await mkdir(join(root, "folder"));
      await symlink("taken", join(root, "link"));
    },
  });
  full = await startTarget({ flags: ["--keep-free", "1PiB"] });
  file = server.in("large");
  await writeFile(file, "");
  await truncate(file, LARGE);
});
afterAll(async () => {
  await using one = server;
  await using other = full;
  expect(await Bun.file(one.in("taken")).text()).toBe("taken");
  await one.expectUnharmed();
  await other.expectUnharmed("unwritable");
});

const refusals: [code: ProblemCode, target: string, headers: string[]][] = [
  ["invalid_path", "/files/a%2f..%2fb", []],
  ["content_range", "/files/a", ["Content-Range: bytes 0-1/2"]],
  ["invalid_digest", "/files/a", ["Repr-Digest: sha-256=1"]],
  ["invalid_request", "/files/a?conflict=perhaps", []],
  ["not_allowed", "/files/taken", []],
  ["not_found", "/nothing/here", []],
  ["method_not_allowed", "/health", []],
  ["name_taken", "/files/taken?conflict=fail", []],
  ["is_folder", "/files/folder", []],
  ["not_a_folder", "/files/taken/a", []],
  ["link_in_path", "/files/link", []],
  ["precondition_failed", "/files/taken", ["If-None-Match: *"]],
  ["precondition_failed", "/files/none", ['If-Match: "other"']],
  ["unsupported_encoding", "/files/a", ["Content-Encoding: gzip"]],
  ["unsupported_type", "/files/a", ["Content-Type: Multipart/Form-Data ; boundary=b"]],
  ["cross_origin", "/files/a", ["Origin: https://elsewhere.example"]],
];

test.concurrent.each(refusals)(
  "%s for PUT %s %p is sent before the first byte of a large body",
  async (code, target, headers) => {
    const ask = async (framing: string): Promise<void> => {
      using connection = await server.raw(head("PUT", target, ...headers, framing));
      const answer = await connection.answer();
      await problemIn(answer, code);
      expect(answer.headers.get("connection")).toBe("close");
      await connection.closed;
    };
    await Promise.all([ask("Content-Length: 90000000"), ask(CHUNKED)]);
  },
);

test.each(refusals)(
  "%s for PUT %s %p leaves the connection open after a small body",
  async (code, target, headers) => {
    using connection = await server.raw();
    for (const wait of [false, true]) {
      await connection.send(head("PUT", target, ...headers, "Content-Length: 5"));
      if (wait) await problemIn(await connection.answer(), code);
      await connection.send("hello");
      if (!wait) await problemIn(await connection.answer(), code);
    }
    await connection.send(head("GET", "/health"));
    expect((await connection.answer()).status).toBe(200);
  },
);

test.concurrent.each([
  ["PUT", "/files/a", `Content-Length: ${LARGE}`],
  ["POST", "/files/?name=a", `Content-Length: ${LARGE}`],
  // Proxies join repeated headers into a list.
  ["PUT", "/files/a", `Content-Length: ${LARGE}\r\nContent-Length: ${LARGE}`],
])(
  "a length over --max-file-size is refused before the first byte of the body: %s %s",
  async (method, target, length) => {
    using connection = await server.raw(head(method, target, length));
    await problemIn(await connection.answer(), "file_too_large");
    await connection.closed;
  },
);

test("a length over the free space is refused before the first byte of the body", async () => {
  using connection = await full.raw(head("PUT", "/files/a", `Content-Length: ${LARGE}`));
  await problemIn(await connection.answer(), "storage_full");
  await connection.closed;
});

// The first is detected immediately, the second after 100 MB; the others are responses of differently configured servers.
describe.each<[string, ProblemCode, () => Target, string, string[]]>([
  ["a length", "file_too_large", () => server, "/files/a", [`Content-Length: ${LARGE}`]],
  ["chunks", "file_too_large", () => server, "/files/a", [CHUNKED]],
  ["chunks", "unsupported_encoding", () => server, "/files/a", [CHUNKED, "Content-Encoding: br"]],
  ["a length", "storage_full", () => full, "/files/a", [`Content-Length: ${LARGE}`]],
  ["chunks", "storage_full", () => full, "/files/a", [CHUNKED]],
])("200 MB with %s, answered with %s", (framing, code, at, target, headers) => {
  test("can be read by a client that sends everything before it reads", async () => {
    using connection = await at().raw(head("PUT", target, ...headers));
    try {
      for (let sent = 0; sent < LARGE; sent += MB.length)
        await connection.send(framing === "chunks" ? chunk(MB) : MB);
      if (framing === "chunks") await connection.send(LAST_CHUNK);
    } catch {
      // The server may close the connection after a timeout.
    }
    await problemIn(await connection.answer(), code);
  });

  test("can be read by fetch, with a body from a file and from memory", async () => {
    const named = headers.filter((line) => line.startsWith("Content-Encoding"));
    const init = { method: "PUT", headers: named.map((line) => line.split(": ")) as [string, string][] };
    const body = framing === "chunks" ? Bun.file(file).stream() : Bun.file(file);
    await problemIn(await at().fetch(target, { ...init, body }), code);
  });

  test("can be read by curl", async () => {
    const options = ["-sS", "-T", file, "-w", "\n%{http_code}", at().url + target];
    const named = headers
      .filter((line) => !line.startsWith("Content-Length"))
      .flatMap((line) => ["-H", line]);
    const curl = Bun.spawn(["curl", ...named, ...options], { stderr: "pipe" });
    const [said, complained] = await Promise.all([curl.stdout.text(), curl.stderr.text()]);
    expect(complained).toBe("");
    expect(JSON.parse(said.split("\n")[0] ?? "")).toMatchObject({ code });
    expect(await curl.exited).toBe(0);
  });
});

test("a client that never stops sending is disconnected", async () => {
  using connection = await server.raw(head("PUT", "/files/a", CHUNKED, "Content-Encoding: br"));
  const start = performance.now();
  const endless = async (): Promise<void> => {
    for (;;) await connection.send(chunk(MB));
  };
  expect(endless()).rejects.toThrow();
  await connection.closed;
  expect(performance.now() - start).toBeLessThan(30_000);
});

test("a form with more files than allowed reports the saved files", async () => {
  const files = filePart("first", "whole") + filePart("second", "too many");
  using connection = await server.raw(head("POST", "/files/", FORM, CHUNKED) + chunk(files));
  await connection.send(chunk(MB));
  const answer = await connection.answer();
  expect(answer.status).toBe(207);
  expect(JSON.parse(answer.text)).toMatchObject({
    files: [{ path: "first" }],
    errors: [{ code: "too_many_files", file: "second" }],
  });
  await connection.closed;
});
