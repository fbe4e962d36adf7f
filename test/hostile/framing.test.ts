// Requests with broken or ambiguous framing or headers: refused, or interpreted as the RFC requires, never guessed.

import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { rm } from "node:fs/promises";
import { patient } from "../support/patience.ts";
import { problemIn } from "../support/problem.ts";
import { until } from "../support/server.ts";
import { CHUNKED, chunk, head, LAST_CHUNK } from "./requests.ts";
import { startTarget, type Target } from "./target.ts";

setDefaultTimeout(patient(20_000));

let server: Target;
beforeAll(async () => {
  server = await startTarget({ flags: ["--hostname", "y"] });
});
afterAll(async () => {
  await using target = server;
  await target.expectUnharmed();
});
beforeEach(async () => {
  await until("nothing runs", async () => (await server.uploads()).length === 0);
  for (const name of await server.files()) await rm(server.in(name), { recursive: true, force: true });
});

const put = (...headers: string[]): string => head("PUT", "/files/a", ...headers);
const manyHeaders = Array.from({ length: 300 }, (_, index) => `X-${index}: a`);
const NUL = "\0";

describe("an invalid or ambiguous length", () => {
  test.each([
    ["with chunks behind it", put("Content-Length: 5", CHUNKED)],
    ["with chunks before it", put(CHUNKED, "Content-Length: 5")],
    ["twice, and different", put("Content-Length: 5", "Content-Length: 6")],
    ["twice in one line", put("Content-Length: 5, 5")],
    ["negative", put("Content-Length: -5")],
    ["with a sign", put("Content-Length: +5")],
    ["hexadecimal", put("Content-Length: 0x5")],
    ["with an exponent", put("Content-Length: 1e1")],
    ["with a fraction", put("Content-Length: 5.0")],
    ["empty", put("Content-Length: ")],
    ["no number", put("Content-Length: NaN")],
    ["with a space before the colon", put("Content-Length : 5")],
    ["2^53 + 1", put("Content-Length: 9007199254740993")],
    ["2^63", put("Content-Length: 9223372036854775808")],
    ["2^64 + 5", put("Content-Length: 18446744073709551621")],
    ["of a hundred digits", put(`Content-Length: ${"9".repeat(100)}`)],
    ["another coding than chunked", put("Transfer-Encoding: gzip, chunked")],
    ["identity as a coding", put("Transfer-Encoding: identity")],
    ["a coding that looks like chunked", put("Transfer-Encoding: xchunked")],
    ["a coding behind a vertical tab", put("Transfer-Encoding: \u000bchunked")],
    ["chunked twice", put(CHUNKED, CHUNKED)],
    ["chunked in HTTP/1.0", put(CHUNKED).replace("HTTP/1.1", "HTTP/1.0")],
  ])("%s", async (_, request) => {
    await expectRefused(request + chunk("hello") + LAST_CHUNK);
  });

  test("bytes after an ambiguous body are not treated as a request", async () => {
    await Bun.write(server.in("kept"), "kept");
    const hidden = head("DELETE", "/files/kept");
    await expectRefused(`${put(`Content-Length: ${hidden.length + 5}`, CHUNKED)}${LAST_CHUNK}${hidden}`);
    await expectRefused(put(CHUNKED, "Content-Length: 5") + LAST_CHUNK + hidden);
    expect(await server.files()).toEqual(["kept"]);
  });
});

describe("an invalid Host, or more than one", () => {
  test.each([
    ["twice, and different", "Host: localhost\r\nHost: b"],
    ["twice, and alike", "Host: localhost\r\nhost: localhost"],
    ["twice in one line", "Host: localhost, localhost"],
    ["a path", "Host: localhost/../../b"],
    ["a login", "Host: user@localhost"],
    ["with a space", "Host: local host"],
    ["with a word for a port", "Host: localhost:http"],
    ["an open bracket", "Host: [::1"],
    ["missing", "Accept: */*"],
  ])("%s", async (_, line) => {
    using connection = await server.raw(
      put("Content-Length: 5").replace("Host: localhost", line).concat("hello"),
    );
    expect((await connection.answer()).status).toBe(400);
    expect(await server.files()).toEqual([]);
  });
});

describe("an invalid chunk", () => {
  test.each([
    ["no size", "\r\nhello\r\n"],
    ["no number", "zz\r\nhello\r\n"],
    ["negative", "-5\r\nhello\r\n"],
    ["with a prefix", "0x5\r\nhello\r\n"],
    ["spaces around the size", " 5 \r\nhello\r\n"],
    ["2^63", "8000000000000000\r\nhello\r\n"],
    ["2^72", "1000000000000000000\r\nhello\r\n"],
    ["longer than its size", "3\r\nhello\r\n"],
    ["ended by line feeds", "5\nhello\n"],
    ["an extension without end", `5;${"a".repeat(100_000)}`],
  ])("%s", async (_, broken) => {
    await expectRefused(put(CHUNKED) + chunk("hello") + broken + LAST_CHUNK);
  });
});

describe("invalid headers", () => {
  test.each([
    ["no colon", put("Evil", "Content-Length: 5")],
    ["NUL in a value", put(`X: a${NUL}b`, "Content-Length: 5")],
    ["a control character in a name", put("X\u0001: a", "Content-Length: 5")],
    ["a folded line", put("X: a\r\n b", "Content-Length: 5")],
    ["no Host", "PUT /files/a HTTP/1.1\r\nContent-Length: 5\r\n\r\n"],
    ["lines that end in LF", put("Content-Length: 5").replaceAll("\r\n", "\n")],
    ["lines that end in CR", put("Content-Length: 5").replaceAll("\r\n", "\r")],
    ["300 lines", put(...manyHeaders, "Content-Length: 5")],
    ["a line of 100 kB", put(`X: ${"a".repeat(100_000)}`, "Content-Length: 5")],
    ["a target of 20 kB", head("PUT", `/files/${"a".repeat(20_000)}`, "Content-Length: 5")],
    ["a request line without a version", "PUT /files/a\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n"],
    ["HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["TLS", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001"],
    ["no target", "PUT  HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n"],
    ["a target without a slash", head("PUT", "files/a", "Content-Length: 5")],
    ["NUL in the target", head("PUT", `/files/a${NUL}b`, "Content-Length: 5")],
    ["a control character in the target", head("PUT", "/files/a\u0001b", "Content-Length: 5")],
    ["a tab in the target", head("PUT", "/files/a\tb", "Content-Length: 5")],
    ["the target *", head("OPTIONS", "*")],
    ["an unknown method", head("FOOBAR", "/files/a", "Content-Length: 5")],
    ["a method in lower case", head("put", "/files/a", "Content-Length: 5")],
  ])("%s", async (_, request) => {
    await expectRefused(`${request}hello`);
  });

  test("a line of 1 GB is not read", async () => {
    using connection = await server.raw("PUT /files/a HTTP/1.1\r\nHost: localhost\r\nX-Long: ");
    const KIB = "a".repeat(1024);
    let sent = 0;
    try {
      for (; sent < 1_000_000_000; sent += KIB.length) await connection.send(KIB);
    } catch {
      // Disconnected, as expected.
    }
    expect(sent).toBeLessThan(20_000_000);
    expect((await connection.answer()).status).toBe(431);
    await connection.closed;
  });
});

/** The request is answered with 4xx or not at all, the connection is closed, and nothing is saved. */
async function expectRefused(request: string): Promise<void> {
  const before = await server.files();
  using connection = await server.raw();
  await connection.send(Buffer.from(request, "latin1")).catch(() => {
    // The server may close before everything is sent.
  });
  await connection.closed;
  if (connection.unread.length > 0) {
    const { status } = await connection.answer();
    expect([400, 413, 431, 501, 505]).toContain(status);
  }
  expect((await connection.readToEnd()).toString()).toBe("");
  await until("nothing runs", async () => (await server.uploads()).length === 0);
  expect(await server.files()).toEqual(before);
  await server.expectUnharmed();
}

describe("unusual but valid requests", () => {
  test.each([
    ["a length said twice", `${put("Content-Length: 5", "Content-Length: 5")}hello`],
    ["CHUNKED", `${put("Transfer-Encoding: CHUNKED")}${chunk("hello")}${LAST_CHUNK}`],
    ["extensions of chunks", `${put(CHUNKED)}5;a=b;c="d"\r\nhello\r\n${LAST_CHUNK}`],
    ["sizes with zeros before them", `${put(CHUNKED)}0005\r\nhello\r\n0000\r\n\r\n`],
    ["one byte per chunk", put(CHUNKED) + [..."hello"].map(chunk).join("") + LAST_CHUNK],
    ["HTTP/1.0", put("Content-Length: 5").replace("HTTP/1.1", "HTTP/1.0").concat("hello")],
    ["an empty Host", put("Content-Length: 5").replace("Host: localhost", "Host: ").concat("hello")],
    ["a Host of one letter", put("Content-Length: 5").replace("Host: localhost", "Host: y").concat("hello")],
    ["an absolute target", head("PUT", "http://b/files/a", "Content-Length: 5").concat("hello")],
    ["Expect: 100-continue", put("Expect: 100-continue", "Content-Length: 5").concat("hello")],
    ["another Expect", put("Expect: the-unexpected", "Content-Length: 5").concat("hello")],
    ["a wish to upgrade", put("Connection: Upgrade", "Upgrade: h2c", "Content-Length: 5").concat("hello")],
  ])("%s", async (_, request) => {
    using connection = await server.raw(request);
    const answer = await connection.answer();
    expect(answer.status).toBe(201);
    expect(answer.headers.get("location")).toBe("/files/a");
    expect(await server.files()).toEqual(["a"]);
    expect(await Bun.file(server.in("a")).text()).toBe("hello");
  });

  test("bytes after an empty body are another request, not a body", async () => {
    using connection = await server.raw(put("Content-Length: 0"));
    expect((await connection.answer()).status).toBe(201);
    await connection.send(`hello${put("Content-Length: 5")}`);
    await connection.closed;
    expect(Bun.file(server.in("a")).size).toBe(0);
  });

  test.each(["/files//x", "//files/x", "///", "/files/", "/./files/x", "/files", "/swagger/../files/.."])(
    "%s is no way to leave this server",
    async (target) => {
      for (const method of ["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PROPFIND", "TRACE"]) {
        using connection = await server.raw(head(method, target, "Content-Length: 0"));
        const answer = await connection.answer({ head: method === "HEAD" });
        expect(answer.headers.get("location") ?? "/").toMatch(/^(?:\/|files\/)(?![/\\])/);
      }
    },
  );

  test.each(["TRACE", "CONNECT", "PATCH", "PROPFIND", "MKCOL", "LOCK", "PURGE"])(
    "%s is a method like any that this URL does not take",
    async (method) => {
      using connection = await server.raw(head(method, "/files/a", "Content-Length: 0"));
      const answer = await connection.answer();
      await problemIn(answer, "method_not_allowed");
      expect(answer.headers.get("allow")).toBe("DELETE, GET, HEAD, POST, PUT");
    },
  );
});

test("pipelined requests are answered in order, or cut off, but never mixed up", async () => {
  for (let round = 0; round < 20; round += 1) {
    using connection = await server.raw();
    const requests = [1, 2, 3].map((name) => `${head("PUT", `/files/${name}`, "Content-Length: 1")}${name}`);
    await connection.send(`${requests.join("")}${head("GET", "/files/1")}`);
    for (const name of ["1", "2", "3"]) {
      const answer = await connection.answer().catch(() => undefined);
      if (answer === undefined) break;
      expect(JSON.parse(answer.text)).toMatchObject({ path: name });
    }
  }
  await until("nothing runs", async () => (await server.uploads()).length === 0);
  for (const name of await server.files()) expect(await Bun.file(server.in(name)).text()).toBe(name);
});
