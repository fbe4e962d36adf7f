// Content-Length, including repeated values joined by proxies.

import { expect, test } from "bun:test";
import { contentLength } from "../../src/http/content-length.ts";

test.each([
  ["0", 0],
  ["5", 5],
  ["9007199254740991", Number.MAX_SAFE_INTEGER],
  ["5, 5", 5],
  ["5,5,5", 5],
])("%p is %p bytes", (value, bytes) => {
  expect(contentLength(new Headers({ "content-length": value }))).toBe(bytes);
});

test("without the header the length is unknown", () => {
  expect(contentLength(new Headers())).toBeUndefined();
});
