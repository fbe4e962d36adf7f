// Media types by the weights of Accept.

import { expect, test } from "bun:test";
import { namesHtml, preferredType } from "../../../src/http/negotiation/accept.ts";

test.each([
  [null, "text/html"],
  ["*/*", "text/html"],
  ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"],
  ["application/json", "application/json"],
  ["Application/JSON", "application/json"],
  ["application/json, text/plain, */*", "application/json"],
  ["application/*", "application/json"],
  ["text/html;q=0.5, application/json", "application/json"],
  ["text/html, application/json;q=0.9", "text/html"],
  ["application/json;q=0", null],
  ["application/json;q=0, */*;q=0.1", "text/html"],
  ["application/json; q=0.000", null],
  ["text/html;q=0, */*", "application/json"],
  ["image/png", null],
  ["application/jsonx", null],
  ["", null],
  [",,;q=", null],
] as const)("%j: %p", (accepted, type) => {
  expect(preferredType(accepted, ["text/html", "application/json"])).toBe(type);
});

test("a long header costs no more than its length", () => {
  expect(preferredType("a/b;q=0.1,".repeat(1600), ["text/html"])).toBeNull();
});

test.each([
  ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true],
  ["*/*", false],
  ["application/json", false],
  [null, false],
] as const)("%j names HTML: %p", (accepted, names) => {
  expect(namesHtml(new Headers(accepted === null ? {} : { accept: accepted }))).toBe(names);
});
