// Clients that disconnect in the middle: nothing is published, no resources are held, and the server becomes idle.

import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { rm, writeFile } from "node:fs/promises";
import { patient } from "../support/patience.ts";
import type { RawConnection } from "../support/raw.ts";
import { until } from "../support/server.ts";
import { BOUNDARY, CHUNKED, chunk, FORM, filePart, head, LAST_CHUNK } from "./requests.ts";
import { startTarget, type Target } from "./target.ts";

setDefaultTimeout(patient(20_000));

/** Seconds within which all traces of an ended upload must be gone. */
const SOON = 1;

let server: Target;
let rest: string[];
beforeAll(async () => {
  // One upload slot only, which must be released after each disconnect.
  server = await startTarget({ flags: ["--max-uploads", "1"] });
  for (const name of ["a", "b", "c"]) expect(await put(name)).toBe(201);
  for (const name of ["a", "b", "c"]) await rm(server.in(name));
  rest = await server.descriptors();
});
afterAll(async () => {
  await using target = server;
  await target.expectUnharmed();
});

async function put(name: string): Promise<number> {
  using connection = await server.raw(
    head("PUT", `/files/${name}`, "Content-Length: 5", "Connection: close"),
  );
  await connection.send("hello");
  return (await connection.answer()).status;
}

const MB = "x".repeat(1_000_000);

const requests: [what: string, request: string, arriving?: string][] = [
  ["a length, before its first byte", head("PUT", "/files/a", "Content-Length: 10")],
  ["a length, in the middle", `${head("PUT", "/files/a", "Content-Length: 100000")}hello`],
  ["a length, before its last byte", `${head("PUT", "/files/a", "Content-Length: 6")}hello`],
  ["a length, after megabytes", `${head("PUT", "/files/a", "Content-Length: 4000000")}${MB}${MB}${MB}`],
  ["chunks, before the first", head("PUT", "/files/a", CHUNKED)],
  ["chunks, in a size", `${head("PUT", "/files/a", CHUNKED)}${chunk("hello")}1`],
  ["chunks, in a chunk", `${head("PUT", "/files/a", CHUNKED)}${chunk("hello")}ff\r\nhello`],
  ["chunks, between two", `${head("PUT", "/files/a", CHUNKED)}${chunk("hello")}`],
  ["chunks, after megabytes", `${head("PUT", "/files/a", CHUNKED)}${chunk(MB)}${chunk(MB)}${chunk(MB)}1\r\n`],
  ["one file in a POST", `${head("POST", "/files/?name=a", CHUNKED)}${chunk("hello")}`],
  ["one file in a POST with a length", `${head("POST", "/files/?name=a", "Content-Length: 9")}hello`],
];

const ways: [way: string, end: (connection: RawConnection) => void][] = [
  ["FIN", (connection) => connection[Symbol.dispose]()],
  ["RST", (connection) => connection.reset()],
  ["half-close", (connection) => connection.halfClose()],
];

/** Only these files exist, no resources are held, and the upload slot is free. */
async function expectGone(...kept: string[]): Promise<void> {
  await until("the upload has ended", async () => (await server.uploads()).length === 0, SOON);
  await until("its bytes are gone", async () => (await server.temporaries()).length === 0, SOON);
  await until(
    "its descriptors are closed",
    async () => Bun.deepEquals(await server.descriptors(), rest),
    SOON,
  );
  expect(await server.files()).toEqual(kept);
  expect(await put("after")).toBe(201);
  await rm(server.in("after"));
}

/** Each test starts with an empty root. */
beforeEach(async () => {
  for (const name of await server.files()) await rm(server.in(name));
});

async function begin(request: string, arriving: string): Promise<RawConnection> {
  const connection = await server.raw(request);
  await until(`${arriving} is arriving`, async () =>
    JSON.stringify(await server.uploads()).includes(`"${arriving}"`),
  );
  return connection;
}

describe.each(ways)("a connection that is closed by %s", (_, end) => {
  test.each(requests)("in the middle of a body with %s", async (_what, request) => {
    using connection = await begin(request, "a");
    end(connection);
    await expectGone();
  });

  const first = filePart("first", "whole");
  const second = filePart("second", "a half file");
  test.each([
    ["with a length, in the second file", "Content-Length: 10000", first + second.slice(0, -10)],
    ["in chunks, in the second file", CHUNKED, chunk(first + second.slice(0, -10))],
    ["in chunks, in the boundary behind it", CHUNKED, chunk(`${first}${second}--${BOUNDARY.slice(0, 4)}`)],
  ])("in a form %s: the first file is saved", async (_what, framing, body) => {
    using connection = await begin(head("POST", "/files/", FORM, framing) + body, "second");
    await until("the first is saved", async () => (await server.files()).includes("first"));
    end(connection);
    await expectGone("first");
    expect(await Bun.file(server.in("first")).text()).toBe("whole");
    await rm(server.in("first"));
  });

  test("in the headers of a form's second file: the first file is saved", async () => {
    const cut = second.slice(0, 40);
    using connection = await server.raw(head("POST", "/files/", FORM, CHUNKED) + chunk(first + cut));
    await until("the first is saved", async () => (await server.files()).includes("first"));
    end(connection);
    await expectGone("first");
    await rm(server.in("first"));
  });

  test("after the last chunk of a chunked body: the body is complete (RFC 9112 section 8), and the file is saved", async () => {
    using connection = await server.raw(`${head("PUT", "/files/a", CHUNKED)}${chunk("hello")}0\r\n`);
    end(connection);
    await until("the file is there", async () => (await server.files()).length === 1);
    expect(await Bun.file(server.in("a")).text()).toBe("hello");
    await expectGone("a");
  });

  test("while the last byte is on its way: the file is saved completely or not at all", async () => {
    for (let round = 0; round < 20; round += 1) {
      using connection = await begin(head("POST", "/files/?name=a", CHUNKED) + chunk(MB), "a");
      await connection.send(LAST_CHUNK);
      end(connection);
      await until("the connection is closed", async () => Bun.deepEquals(await server.descriptors(), rest));
    }
    for (const name of await server.files()) {
      expect(Bun.file(server.in(name)).size).toBe(MB.length);
      await rm(server.in(name));
    }
    await expectGone();
  });

  test("in the middle of a download", async () => {
    await writeFile(server.in("large"), Buffer.alloc(50_000_000));
    using connection = await server.raw(head("GET", "/files/large"));
    await until("bytes arrive", () => connection.unread.byteLength > 0);
    end(connection);
    await rm(server.in("large"));
    await expectGone();
  });
});

test("two hundred in a row leave nothing, and the server becomes idle", async () => {
  for (let round = 0; round < 200; round += 1) {
    const [, request = ""] = requests[round % requests.length] ?? [];
    const [, end] = ways[round % 2] ?? [];
    using connection = await begin(request, "a");
    end?.(connection);
    await until("the upload has ended", async () => (await server.uploads()).length === 0, SOON);
  }
  await expectGone();
  const before = await server.processorSeconds();
  await Bun.sleep(1000);
  expect((await server.processorSeconds()) - before).toBeLessThan(0.2);
});
