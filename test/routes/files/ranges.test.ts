// Ranges over a socket: exactly the selected bytes are sent, although Bun's server also interprets the Range header.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { type Range, select } from "../../../src/http/ranges/range.ts";
import { connect } from "../../support/raw.ts";
import { startServer, type TestServer } from "../../support/server.ts";

const TEXT = "0123456789";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await Bun.write(join(server.root, "file"), TEXT);
  await Bun.write(join(server.root, "empty"), "");
});
afterAll(() => server.stop());

const position = fc.oneof(
  fc.nat(12).map(String),
  fc.constantFrom("", "00", "99", " 1", "2 ", "x", "-1", "+1"),
);
const spec = fc.tuple(position, position).map(([first, last]) => `${first}-${last}`);
const value = fc
  .tuple(
    fc.constantFrom("bytes=", "bytes=", "bytes=", "BYTES=", " bytes = ", "bytes ", "lines="),
    fc.array(spec, { minLength: 1, maxLength: 4 }),
    fc.constantFrom(",", ", ", ",,", ";"),
  )
  .map(([unit, specs, between]) => unit + specs.join(between));

/** The parts of a multipart/byteranges body, by an independent parser. */
function partsOf(type: string, body: string): [range: string, text: string][] {
  const boundary = /^multipart\/byteranges; boundary=(\S+)$/.exec(type)?.[1] ?? "";
  expect(body.endsWith(`\r\n--${boundary}--\r\n`)).toBe(true);
  return body
    .slice(0, -`\r\n--${boundary}--\r\n`.length)
    .split(new RegExp(`(?:^|\r\n)--${boundary}\r\n`))
    .slice(1)
    .map((part) => {
      const [head = "", text = ""] = part.split("\r\n\r\n");
      return [/content-range: (.*)/i.exec(head)?.[1] ?? "", text];
    });
}

const told = ({ first, last }: Range, size: number): [string, string] => [
  `bytes ${first}-${last}/${size}`,
  TEXT.slice(first, last + 1),
];

test("exactly the selected bytes are sent", async () => {
  await fc.assert(
    fc.asyncProperty(value, fc.constantFrom("file", "empty"), async (range, name) => {
      const size = name === "file" ? TEXT.length : 0;
      const selection = select(range.trim(), size);
      const { status, headers, body } = await fetched(`/files/${name}`, range);
      if (selection === "nothing")
        return expect([status, headers.get("content-range")]).toEqual([416, `bytes */${size}`]);
      if (selection === "whole") {
        expect(headers.has("content-range")).toBe(false);
        return expect([status, body]).toEqual([200, TEXT.slice(0, size)]);
      }
      expect(status).toBe(206);
      const type = headers.get("content-type") ?? "";
      const parts = selection.length > 1 ? partsOf(type, body) : [[headers.get("content-range") ?? "", body]];
      expect<unknown>(parts).toEqual(selection.map((one) => told(one, size)));
    }),
    { numRuns: 400 },
  );
});

async function fetched(path: string, range: string) {
  const answer = await server.fetch(path, { headers: { range } });
  return { status: answer.status, headers: answer.headers, body: await answer.text() };
}

test.each([
  ["bytes=1-2", 206, "12"],
  ["bytes=99-", 416, /"code":"range_not_satisfiable"/],
])("an empty If-Range is ignored: %s", async (range, status, text) => {
  using connection = await connect(server.url);
  await connection.send(
    `GET /files/file HTTP/1.1\r\nHost: localhost\r\nRange: ${range}\r\nIf-Range:\r\n\r\n`,
  );
  const answer = await connection.answer();
  expect(answer.status).toBe(status);
  expect(answer.body.toString()).toMatch(text);
});
