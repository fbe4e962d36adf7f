// The target of a request: path and query, whatever precedes them.

import { expect, test } from "bun:test";
import { hostOf, isOverTls, originSent, setPath, startPathEarly, targetOf } from "../../src/http/target.ts";

/** A request as Bun's server creates it, with an unchecked URL. */
const asked = (url: string): Request =>
  Object.defineProperty(new Request("http://x/"), "url", { value: url, configurable: true });

test("is extracted from any URL", () => {
  for (const before of ["http://localhost:3000", "https://[::1]:1", "http://[::1", "http://", ""]) {
    expect(targetOf(asked(`${before}/files/a%2Fb?x=1&y=?`))).toEqual({
      path: "/files/a%2Fb",
      query: "x=1&y=?",
    });
    expect(targetOf(asked(`${before}/files/`))).toEqual({ path: "/files/", query: "" });
  }
});

test("keeps repeated slashes at its start", () => {
  expect(targetOf(asked("http://host//files/a"))).toEqual({ path: "//files/a", query: "" });
});

test("keeps everything but the path when that is replaced", () => {
  for (const query of ["", "?", "?x=/files"]) {
    const request = asked(`http://[::1]:1/files${query}`);
    setPath(request, "/files/");
    expect(request.url).toBe(`http://[::1]:1/files/${query}`);
  }
});

test.each([
  ["http://x/a?b", "http://x/a?b"],
  ["https://x/a?b#c", "http://x/a?b#c"],
  ["https://x", "http://x"],
  ["/files/a?b=/", "http:///files/a?b=/"],
  ["//d/a", "http:////d/a"],
  ["*", "http:///"],
])("the path of %p begins where Elysia looks for it", (url, expected) => {
  const request = asked(url);
  startPathEarly(request);
  expect(request.url).toBe(expected);
});

test.each([
  ["http://x/a", "http://x", false],
  ["https://files.example.org/a", "https://files.example.org", true],
  ["https://[::1]:8443/", "https://[::1]:8443", true],
  ["/files/a", undefined, false],
])("%p was sent to the origin %p", (url, origin, overTls) => {
  const request = asked(url);
  startPathEarly(request);
  expect([originSent(request), isOverTls(request)]).toEqual([origin, overTls]);
});

test("has no fragment", () => {
  expect(targetOf(asked("http://host/a?b#c?d"))).toEqual({ path: "/a", query: "b" });
});

test.each([
  ["localhost", "localhost"],
  ["Files.Example.ORG:8080", "files.example.org"],
  ["localhost.", "localhost"],
  ["[::1]:3000", "::1"],
  ["[::FFFF:127.0.0.1]", "::ffff:127.0.0.1"],
  ["127.0.0.1:", "127.0.0.1"],
  ["under_score.example", "under_score.example"],
  ["a, a", null],
  ["a,b", null],
  ["a b", null],
  ["a/b", null],
  ["user@a", null],
  ["a:http", null],
  ["a:123456", null],
  ["[::1", null],
  ["::1", null],
  ["[localhost]", null],
  [":80", null],
  ["a".repeat(256), null],
])("the host of %p is %p", (header, host) => expect(hostOf(header)).toBe(host));
