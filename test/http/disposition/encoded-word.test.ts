// Encoded words of mail headers (RFC 2047): decoded exactly, or not at all.

import { describe, expect, test } from "bun:test";
import { decodeWords, isEncodedWords } from "../../../src/http/disposition/encoded-word.ts";

describe("encoded words", () => {
  const cases: [sent: string, text: string | null][] = [
    ["=?utf-8?B?w7wudHh0?=", "ü.txt"],
    ["=?UTF-8?b?w7wudHh0?=", "ü.txt"],
    ["=?utf-8?Q?=C3=BC_100=25.txt?=", "ü 100%.txt"],
    ["=?utf-8*de?q?=c3=bc?=", "ü"],
    ["=?iso-8859-1?Q?=FC.txt?=", "ü.txt"],
    ["=?us-ascii?Q?a.txt?=", "a.txt"],
    // Two words of a folded header, split within a character.
    ["=?utf-8?B?w7zD?= \t=?utf-8?B?vC50eHQ=?=", "üü.txt"],
    ["=?utf-8?B??=", ""],
    ["=?utf-8?B?w7?=", null],
    ["=?utf-8?B?*?=", null],
    ["=?utf-8?Q?=FF?=", null],
    ["=?koi8-r?B?w7wudHh0?=", null],
    ["=?utf-8?Q?a?= =?iso-8859-1?Q?b?=", null],
  ];
  test.each(cases)("%s is %p", (sent, text) => {
    expect(isEncodedWords(sent)).toBe(true);
    expect(decodeWords(sent)).toBe(text);
  });

  test.each([
    "",
    "plain.txt",
    "=?utf-8?B?w7wudHh0?=.txt",
    "a =?utf-8?B?w7wudHh0?=",
    "=?utf-8?X?a?=",
    "=?utf-8?Q?a b?=",
    "=??Q?a?=",
    "=?=",
  ])("a name may resemble one: %p", (name) => expect(isEncodedWords(name)).toBe(false));

  test("very long names are scanned only once", () => {
    for (const piece of ["=?", "=?utf-8?B?", "=?u?q?a?= ", "?", " "]) {
      const long = piece.repeat(16_384 / piece.length);
      expect(typeof isEncodedWords(long)).toBe("boolean");
      expect(decodeWords(`=?utf-8?Q?${"=41".repeat(5000)}?=`)).toBe("A".repeat(5000));
    }
  });
});
