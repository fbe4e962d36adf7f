// Content-Disposition of requests and responses: names are preserved, and cannot break the header.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { attachment, filenameOf, inline } from "../../../src/http/disposition/disposition.ts";

/** A header with these UTF-8 bytes, as fetch exposes it. */
function sent(header: string): string {
  return Buffer.from(header, "utf8").toString("latin1");
}

describe("the file name of a request", () => {
  const cases: [header: string | null, name: string | null][] = [
    [null, null],
    ["", null],
    ["attachment", null],
    ["attachment; name=x", null],
    ['attachment; filename=""', null],
    ['attachment; filename="open', null],
    ["filename=a.txt", null],
    [";;;===", null],
    ["attachment; filename=a.txt", "a.txt"],
    ["form-data; FileName=a.txt", "a.txt"],
    ['inline ; filename = "two words; and = more.txt"', "two words; and = more.txt"],
    ['attachment; filename="a \\"quoted\\" name.txt"', 'a "quoted" name.txt'],
    ["attachment; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.txt", "naïve €.txt"],
    ["attachment; filename=plain.txt; filename*=UTF-8'en'%E2%82%AC.txt", "€.txt"],
    ["attachment; filename*=UTF-8''%E2%82%AC.txt; filename=plain.txt", "€.txt"],
    ["attachment; filename*=ISO-8859-1''%A3.txt", "£.txt"],
    ["attachment; filename*=UTF-8''%ff; filename=plain.txt", "plain.txt"],
    ["attachment; filename*=UTF-8''%ff", null],
    ["attachment; filename*=x", null],
    [sent('attachment; filename="日本語 🎉.txt"'), "日本語 🎉.txt"],
    ['attachment; filename="caf\xe9.txt"', "café.txt"],
    ['attachment; filename="100%25.txt"', "100%25.txt"],
    ['attachment; filename="=?utf-8?B?w7wudHh0?="', "ü.txt"],
    ["attachment; filename=\"=?utf-8?B?w7wudHh0?=\"; filename*=utf-8''%C3%BC.txt", "ü.txt"],
    ['attachment; filename="=?utf-8?B?*?="', null],
  ];
  for (const [header, name] of cases) {
    test(`${JSON.stringify(header)} is ${JSON.stringify(name)}`, () => expect(filenameOf(header)).toBe(name));
  }

  test("folders and backslashes are not stripped, but left to the path check", () => {
    for (const [header, name] of [
      ['attachment; filename="a/b.txt"', "a/b.txt"],
      ["attachment; filename=../../canary", "../../canary"],
      ["attachment; filename*=UTF-8''..%2F..%2Fcanary", "../../canary"],
      ['attachment; filename="C:\\photos\\a.jpg"', "C:\\photos\\a.jpg"],
      ['attachment; filename="..\\\\a.jpg"', "..\\a.jpg"],
      ["attachment; filename*=UTF-8''..%5Ca.jpg", "..\\a.jpg"],
      ["attachment; filename*=UTF-8''a%00b", "a\0b"],
    ] as const) {
      expect(filenameOf(header)).toBe(name);
    }
    expect(filenameOf("attachment; filename=..\\a.jpg")).toContain("\\");
  });

  test("never throws, whatever the header", () => {
    const piece = fc.constantFrom(
      "attachment",
      ";",
      "filename",
      "filename*",
      "=",
      '"',
      "\\",
      "UTF-8''",
      "%",
      "%ff",
      "\xff",
      " ",
    );
    const header = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(header, (text) => {
        const name = filenameOf(text);
        expect(name === null || name.length > 0).toBe(true);
      }),
      { seed: 3, numRuns: 2_000 },
    );
  });
});

describe("the header of an answer", () => {
  test("plain names need only filename", () => {
    expect(attachment("a.txt")).toBe("attachment; filename=a.txt");
    expect(inline("two words.txt")).toBe('inline; filename="two words.txt"');
  });

  test("other names have an ASCII fallback and filename*", () => {
    expect(attachment("naïve €🎉.txt")).toBe(
      "attachment; filename=\"na_ve __.txt\"; filename*=UTF-8''na%C3%AFve%20%E2%82%AC%F0%9F%8E%89.txt",
    );
    expect(attachment('a"b\\c%41.txt')).toBe(
      "attachment; filename=a_b_c_41.txt; filename*=UTF-8''a%22b%5Cc%2541.txt",
    );
    expect(inline("a\r\nSet-Cookie: x=y")).toBe(
      "inline; filename=\"a__Set-Cookie: x=y\"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x%3Dy",
    );
  });

  test("any name is encoded as visible ASCII, is valid in Headers, and is decoded unchanged", () => {
    const character = fc.oneof(
      fc.constantFrom('"', "\\", "%", ";", "'", "\r", "\n", "\0", "\x7f", "\x85", "\u202e"),
      fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    );
    const name = fc
      .array(character, { minLength: 1, maxLength: 40 })
      .map((characters) => characters.join(""));
    fc.assert(
      fc.property(name, (name) => {
        for (const header of [attachment(name), inline(name)]) {
          expect(header).toMatch(/^(attachment|inline); filename[\x20-\x7e]+$/);
          expect(new Headers({ "content-disposition": header }).get("content-disposition")).toBe(header);
          expect(filenameOf(header)).toBe(name);
        }
      }),
      { seed: 5, numRuns: 2_000 },
    );
  });

  test("a lone surrogate does not make it throw", () => {
    expect(filenameOf(attachment("a\ud800.txt"))).toBe("a\ufffd.txt");
    expect(attachment("")).toBe('attachment; filename=""');
  });
});
