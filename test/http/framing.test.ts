// Content-Length, including repeated values joined by proxies, and spellings of Expect.

import { expect, test } from "bun:test";
import { contentLength, lacksContinue } from "../../src/http/framing.ts";

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

test.each([
  [undefined, false],
  ["100-continue", false],
  ["100-Continue", true],
  [" 100-CONTINUE ", true],
  ["200-ok", false],
  ["x100-Continue", false],
])("a client with Expect %p waits in vain: %p", (expectation, waits) => {
  const headers = new Headers(expectation === undefined ? {} : { expect: expectation });
  expect(lacksContinue(headers)).toBe(waits);
});
