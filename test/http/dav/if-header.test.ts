// The If header: its grammar, and texts that are none.

import { describe, expect, test } from "bun:test";
import { ifLists, submittedTokens } from "../../../src/http/dav/if-header.ts";
import { lockToken, wantedSeconds } from "../../../src/http/dav/lock-headers.ts";
import { patient } from "../../support/patience.ts";
import { problemOf } from "../../support/thrown.ts";

const lists = (text: string) => ifLists(new Headers({ if: text }));
const token = (value: string, not = false) => ({ kind: "token" as const, value, not });
const etag = (value: string, not = false) => ({ kind: "etag" as const, value, not });

describe("If", () => {
  test("has lists without a tag, of tokens and entity tags", () => {
    expect(ifLists(new Headers())).toEqual([]);
    expect(lists('(<urn:a> ["e]"])(Not <DAV:no-lock>[W/"w"])')).toEqual([
      { resource: null, conditions: [token("urn:a"), etag('"e]"')] },
      { resource: null, conditions: [token("DAV:no-lock", true), etag('W/"w"')] },
    ]);
  });

  test("has lists that are tagged with a URL, which holds for all lists after it", () => {
    expect(lists('<http://h/dav/a> (<urn:a>) (not ["e"])\t</dav/b> (<urn:b>)')).toEqual([
      { resource: "http://h/dav/a", conditions: [token("urn:a")] },
      { resource: "http://h/dav/a", conditions: [etag('"e"', true)] },
      { resource: "/dav/b", conditions: [token("urn:b")] },
    ]);
  });

  test("submits every token once, also one of a list that does not hold", () => {
    expect(submittedTokens(lists("(Not <urn:a>) (<urn:b> <urn:a>)"))).toEqual(["urn:a", "urn:b"]);
  });

  test.each([
    "",
    "()",
    "(",
    "urn:a",
    "<urn:a>",
    "(<urn:a>",
    "(<urn:a>) <u>",
    "(<u>) <u> (<u>)",
    "(Not)",
    "(Not Not <u>)",
    "((<u>))",
    "(<a b>)",
    "(e)",
    "(<u>))",
    '(["e)',
  ])("refuses %p", (text) => {
    expect(problemOf(() => lists(text)).code).toBe("invalid_request");
  });

  test("has at most 100 lists", () => {
    expect(lists("(<u>)".repeat(100))).toHaveLength(100);
    expect(problemOf(() => lists("(<u>)".repeat(101))).code).toBe("invalid_request");
  });

  test("is read in time proportional to its length", () => {
    for (const [start, piece] of [
      ["", "(<u>) "],
      ["(", "<u> "],
      ["(", "Not <u> "],
      ["", " "],
      ["(<", "u"],
      ['(["', "u"],
    ] as const) {
      const started = performance.now();
      problemOf(() => lists(`${start}${piece.repeat(100_000)}(`));
      expect(performance.now() - started).toBeLessThan(patient(1000));
    }
  });
});

test("Timeout: the first value that is understood counts", () => {
  const seconds = (timeout: string) => wantedSeconds(new Headers({ timeout }));
  expect(seconds("Second-5")).toBe(5);
  expect(seconds("Infinite, Second-4100000000")).toBe(Number.POSITIVE_INFINITY);
  expect(seconds("Other-1, second-7")).toBe(7);
  expect(wantedSeconds(new Headers())).toBe(600);
  expect(seconds("Second--1")).toBe(600);
});

test("Lock-Token: with and without angle brackets", () => {
  const read = (value: string) => lockToken(new Headers({ "lock-token": value }));
  expect(read("<urn:uuid:a>")).toBe("urn:uuid:a");
  expect(read("urn:uuid:a")).toBe("urn:uuid:a");
  for (const value of ["", "<>", "<a> <b>", "a b"])
    expect(problemOf(() => read(value)).code).toBe("invalid_request");
});
