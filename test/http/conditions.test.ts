// Preconditions (RFC 9110 section 13): parsing and evaluation.

import { describe, expect, test } from "bun:test";
import {
  failedCondition,
  type Preconditions,
  preconditionsOf,
  rangeApplies,
  readingPreconditionsOf,
  unconditional,
} from "../../src/http/conditions.ts";

const read = (headers: Record<string, string>): Preconditions => preconditionsOf(new Headers(headers));

describe("parsing", () => {
  test("without headers there are no conditions", () => {
    expect(unconditional(read({}))).toBe(true);
    expect(unconditional(read({ "if-unmodified-since": "yesterday" }))).toBe(true);
  });

  test.each<[string, "*" | string[]]>([
    ["*", "*"],
    [" * ", "*"],
    ['"a"', ['"a"']],
    ['"a", W/"b" ,"c"', ['"a"', 'W/"b"', '"c"']],
    ['"with,comma", ""', ['"with,comma"', '""']],
    ["unquoted", []],
    ['"open', []],
    ["", []],
  ])("the tags of %p", (value, tags) => {
    expect(read({ "if-match": value }).ifMatch).toEqual(tags);
    expect(read({ "if-none-match": value }).ifNoneMatch).toEqual(tags);
    expect(unconditional(read({ "if-match": value }))).toBe(false);
  });

  test.each([
    ["Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777_000],
    ["Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777_000],
    ["Sun Nov  6 08:49:37 1994", 784_111_777_000],
  ])("the date %p", (value, time) => {
    expect(read({ "if-unmodified-since": value }).ifUnmodifiedSince).toBe(time);
  });

  test.each(["1", "2026", "2026-01-01T00:00:00Z", "Sun, 99 Nov 1994 08:49:37 GMT", "06 Nov 1994", "NaN"])(
    "%p is no date",
    (value) => {
      expect(read({ "if-unmodified-since": value })).toEqual({});
    },
  );

  test("a date is ignored if If-Match is present", () => {
    const headers = { "if-match": '"a"', "if-unmodified-since": "Sun, 06 Nov 1994 08:49:37 GMT" };
    expect(read(headers)).toEqual({ ifMatch: ['"a"'] });
  });
});

type Failed = ReturnType<typeof failedCondition>;

describe("evaluation", () => {
  const file = { etag: '"a"', modified: new Date("1994-11-06T08:49:37.500Z") };
  const folder = { modified: file.modified };
  const at = (text: string) => ({ ifUnmodifiedSince: Date.parse(text) });

  test.each<[string, Preconditions, { etag?: string; modified?: Date } | null, Failed]>([
    ["nothing asked", {}, file, null],
    ["any file", { ifMatch: "*" }, file, null],
    ["any file, and there is none", { ifMatch: "*" }, null, "If-Match"],
    ["any file, and there is a folder", { ifMatch: "*" }, folder, null],
    ["the tag", { ifMatch: ['"x"', '"a"'] }, file, null],
    ["another tag", { ifMatch: ['"x"'] }, file, "If-Match"],
    ["the tag, weak", { ifMatch: ['W/"a"'] }, file, "If-Match"],
    ["no tag at all", { ifMatch: [] }, file, "If-Match"],
    ["a tag of a folder", { ifMatch: ['"a"'] }, folder, "If-Match"],
    ["no file", { ifNoneMatch: "*" }, null, null],
    ["no file, and there is one", { ifNoneMatch: "*" }, file, "If-None-Match"],
    ["not the tag", { ifNoneMatch: ['"x"'] }, file, null],
    ["not the tag, and it is", { ifNoneMatch: ['"a"'] }, file, "If-None-Match"],
    ["not the tag, weak, and it is", { ifNoneMatch: ['W/"a"'] }, file, "If-None-Match"],
    ["not the tag, and there is no file", { ifNoneMatch: ['"a"'] }, null, null],
    ["the same second", at("1994-11-06T08:49:37Z"), file, null],
    ["the second before", at("1994-11-06T08:49:36Z"), file, "If-Unmodified-Since"],
    ["a date, and there is no file", at("1970-01-01T00:00:00Z"), null, null],
    ["both tags, and the first fails", { ifMatch: ['"x"'], ifNoneMatch: ['"a"'] }, file, "If-Match"],
    ["both tags, and the second fails", { ifMatch: ['"a"'], ifNoneMatch: ['"a"'] }, file, "If-None-Match"],
  ])("%s", (_, conditions, current, failed) => {
    expect(failedCondition(conditions, current)).toEqual(failed);
  });
});

describe("for GET and HEAD", () => {
  const file = { etag: '"a"', modified: new Date("1994-11-06T08:49:37.500Z") };
  const failed = (headers: Record<string, string>) =>
    failedCondition(readingPreconditionsOf(new Headers(headers)), file);
  const date = (text: string) => `Sun, 06 Nov 1994 08:49:${text} GMT`;

  test.each<[Record<string, string>, Failed]>([
    [{ "if-modified-since": date("36") }, null],
    [{ "if-modified-since": date("37") }, "If-Modified-Since"],
    [{ "if-modified-since": date("38") }, "If-Modified-Since"],
    [{ "if-modified-since": "yesterday" }, null],
    [{ "if-modified-since": date("38"), "if-none-match": '"x"' }, null],
    [{ "if-modified-since": date("36"), "if-none-match": '"a"' }, "If-None-Match"],
    [{ "if-unmodified-since": date("36"), "if-none-match": '"a"' }, "If-Unmodified-Since"],
    [{ "if-unmodified-since": date("38"), "if-modified-since": date("38") }, "If-Modified-Since"],
    [{ "if-match": '"x"', "if-modified-since": date("38") }, "If-Match"],
  ])("%p", (headers, header) => expect(failed(headers)).toBe(header));

  test("only these evaluate If-Modified-Since", () => {
    expect(read({ "if-modified-since": date("38") })).toEqual({});
  });

  test("If-Range applies the range only to the named version", () => {
    const counts = (value: string) => rangeApplies(new Headers({ "if-range": value }), file);
    expect(rangeApplies(new Headers(), file)).toBe(true);
    expect(counts("")).toBe(true);
    expect(counts('"a"')).toBe(true);
    expect(counts(date("37"))).toBe(true);
    for (const other of ['"b"', 'W/"a"', "a", "*", date("36"), date("38")]) expect(counts(other)).toBe(false);
  });

  test("If-Range with a date is valid only after its second has ended", () => {
    const headers = new Headers({ "if-range": date("37") });
    expect(rangeApplies(headers, file, Date.parse("1994-11-06T08:49:37.999Z"))).toBe(false);
    expect(rangeApplies(headers, file, Date.parse("1994-11-06T08:49:38.000Z"))).toBe(true);
  });
});
