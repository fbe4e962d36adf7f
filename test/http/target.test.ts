// The target of a request: path and query, whatever stands before them.

import { expect, test } from "bun:test";
import { targetOf } from "../../src/http/target.ts";

/** A request as Bun's server makes it: its URL is not checked as `new Request` would. */
const asked = (url: string): Request =>
  Object.defineProperty(new Request("http://x/"), "url", { value: url });

test("is cut out of any URL", () => {
  for (const before of ["http://localhost:3000", "https://[::1]:1", "http://[::1", "http://", ""]) {
    expect(targetOf(asked(`${before}/files/a%2Fb?x=1&y=?`))).toEqual({
      path: "/files/a%2Fb",
      query: "x=1&y=?",
    });
    expect(targetOf(asked(`${before}/files/`))).toEqual({ path: "/files/", query: "" });
  }
});

test("keeps slashes that begin it", () => {
  expect(targetOf(asked("http://host//files/a"))).toEqual({ path: "//files/a", query: "" });
});

test("is without a fragment", () => {
  expect(targetOf(asked("http://host/a?b#c?d"))).toEqual({ path: "/a", query: "b" });
});
