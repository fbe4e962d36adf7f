// The target of a request: path and query, whatever precedes them.

import { expect, test } from "bun:test";
import { targetOf } from "../../src/http/target.ts";

/** A request as Bun's server creates it, with an unchecked URL. */
const asked = (url: string): Request =>
  Object.defineProperty(new Request("http://x/"), "url", { value: url });

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

test("has no fragment", () => {
  expect(targetOf(asked("http://host/a?b#c?d"))).toEqual({ path: "/a", query: "b" });
});
