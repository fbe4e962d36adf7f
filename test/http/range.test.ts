// Which ranges have no byte of the file.

import { describe, expect, test } from "bun:test";
import { unsatisfiable } from "../../src/http/range.ts";

const current = (size: number) => ({
  size,
  headers: new Headers({ etag: '"now"', "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT" }),
});
const asks = (range: string, size = 10, ifRange?: string) =>
  unsatisfiable(new Headers({ range, ...(ifRange && { "if-range": ifRange }) }), current(size));

describe("of a file with ten bytes", () => {
  test.each([
    "bytes=10-",
    "bytes=11-20",
    "bytes=-0",
    "BYTES=20-",
    "bytes = 20 - 30",
    `bytes=${"9".repeat(30)}-`,
  ])("%s has none", (range) => expect(asks(range)).toBe(true));

  test.each(["bytes=9-", "bytes=0-", "bytes=0-99", "bytes=-1", "bytes=-99", "bytes=5-2"])(
    "%s is not refused",
    (range) => expect(asks(range)).toBe(false),
  );

  test.each(["", "bytes", "bytes=-", "bytes=20-30,40-50", "lines=20-", "bytes=20-x", "bytes=0x20-"])(
    "%j is no range, so it asks for the whole file",
    (range) => expect(asks(range)).toBe(false),
  );
});

test("of an empty file every first byte is behind the end, and the last bytes are none", () => {
  expect(asks("bytes=0-", 0)).toBe(true);
  expect(asks("bytes=-5", 0)).toBe(false);
});

test("If-Range counts a range only for the version it names", () => {
  expect(asks("bytes=20-", 10, '"now"')).toBe(true);
  expect(asks("bytes=20-", 10, "Thu, 01 Jan 2026 00:00:00 GMT")).toBe(true);
  for (const other of ['"before"', 'W/"now"', "Thu, 01 Jan 2026 00:00:01 GMT"])
    expect(asks("bytes=20-", 10, other)).toBe(false);
});
