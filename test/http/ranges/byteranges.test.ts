// Several ranges of a file in one multipart/byteranges body.

import { expect, test } from "bun:test";
import { byteranges } from "../../../src/http/ranges/byteranges.ts";

const about = { type: "text/plain", size: 10 };

test("parts have the format of RFC 9110 section 14.6, in the requested order", async () => {
  const ranges = [
    { first: 7, last: 9 },
    { first: 0, last: 1 },
  ];
  const { type, length, body } = byteranges(new Blob(["0123456789"]), ranges, about);
  const boundary = /^multipart\/byteranges; boundary=([\w-]+)$/.exec(type)?.[1];
  const text = await new Response(body).text();
  expect(text.split("\r\n")).toEqual([
    `--${boundary}`,
    "Content-Type: text/plain",
    "Content-Range: bytes 7-9/10",
    "",
    "789",
    `--${boundary}`,
    "Content-Type: text/plain",
    "Content-Range: bytes 0-1/10",
    "",
    "01",
    `--${boundary}--`,
    "",
  ]);
  expect(length).toBe(text.length);
});

test("a large range is sent in pieces that are read on demand", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(65_536));
  const file = new Blob(Array.from({ length: 40 }, () => bytes));
  const pieces: number[] = [];
  const counting: Pick<Blob, "slice"> = {
    slice(from = 0, to = 0) {
      pieces.push(to - from);
      return file.slice(from, to);
    },
  };
  const ranges = [
    { first: 0, last: 9 },
    { first: 100, last: file.size - 1 },
  ];
  const { length, body } = byteranges(counting, ranges, { type: "x/y", size: file.size });
  const reader = body.getReader();
  await reader.read();
  expect(pieces).toEqual([]);
  await reader.read();
  expect(pieces).toEqual([10]);
  const rest: Uint8Array[] = [];
  for (let next = await reader.read(); !next.done; next = await reader.read()) rest.push(next.value);
  expect(Math.max(...pieces)).toBeLessThanOrEqual(2 ** 18);
  expect(pieces.length).toBeGreaterThan(10);
  const sent = Buffer.concat(rest);
  expect(sent.byteLength).toBeLessThan(length);
  expect(sent.includes(Buffer.from(await file.slice(100).bytes()))).toBe(true);
});

test("the body fails if the file became shorter", async () => {
  const ranges = [
    { first: 0, last: 1 },
    { first: 5, last: 9 },
  ];
  const { body } = byteranges(new Blob(["0123456"]), ranges, about);
  expect(new Response(body).text()).rejects.toThrow("shorter");
});
