// Runs the printed commands in a shell: what arrives is what the other server's arguments said, whatever characters they hold.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readCopyparty } from "../../../src/access/import/arguments/copyparty.ts";
import { readDufs } from "../../../src/access/import/arguments/dufs.ts";
import { script } from "../../../src/access/import/commands.ts";
import { printText, shellWord } from "../../../src/access/import/shell.ts";
import { callsOf } from "./shell.ts";

const HOSTILE = [
  "$(touch canary)",
  "`touch canary`",
  "'; touch canary; '",
  '"; touch canary; "',
  "a\nb",
  "tail\n\n",
  "\u001b[2J\u001b]0;x\u0007",
  "-n",
  "--",
  "~root",
  "*",
  "%s%n",
  "\\0101",
  "!!",
  "#x",
  "a b",
  "",
  "=ls",
  "\u202egnp.exe",
  "🎉 é",
];

/** Characters that a terminal obeys, or that hide other characters. */
const DANGEROUS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

describe("a word", () => {
  test("arrives as it is", () => {
    const calls = callsOf(HOSTILE.map((text) => `sluice ${shellWord(text)}`).join("\n"));
    expect(calls.map(({ words }) => words)).toEqual(HOSTILE.map((text) => [text]));
  });

  test("of any characters arrives as it is, and is safe to look at", () => {
    const text = fc
      .string({ unit: "binary", maxLength: 12 })
      .filter((one) => !one.includes("\0") && one.isWellFormed());
    fc.assert(
      fc.property(fc.array(text, { minLength: 10, maxLength: 20 }), (texts) => {
        const quoted = texts.map(shellWord);
        for (const one of quoted) expect(one.replace(/'\n+'$/, "")).not.toMatch(DANGEROUS);
        expect(callsOf(`sluice ${quoted.join(" ")}`)[0]?.words).toEqual(texts);
      }),
      { numRuns: 4 },
    );
  });

  test("that is a password arrives on standard input", () => {
    const texts = HOSTILE.filter((text) => text !== "");
    const calls = callsOf(texts.map((text) => `${printText(text)} | sluice x --password -`).join("\n"));
    expect(calls.map(({ input }) => input)).toEqual(texts);
    for (const text of texts) expect(printText(text)).not.toMatch(DANGEROUS);
  });
});

test("names, passwords, folders and options that nobody should have stay words and comments", () => {
  for (const text of HOSTILE) {
    const dufs = script(
      readDufs([
        "-a",
        `user:${text}-password@/dir:rw`,
        "-a",
        `u${text}:long-password@/x${text}`,
        "--hidden",
        text,
        `/srv/${text}`,
      ]),
      "dufs",
    );
    const copyparty = script(
      readCopyparty([
        "-a",
        `user:${text}-password`,
        "-v",
        `/srv/${text.replaceAll(":", "")}::r:rw,user:c,x=${text}`,
        `--odd=${text}`,
      ]),
      "copyparty",
    );
    for (const printed of [dufs, copyparty]) {
      expect(printed.replaceAll("\n", "").replaceAll(/'\n+'/g, "")).not.toMatch(DANGEROUS);
      const known = callsOf(printed).map(({ words }) => words[0]);
      expect(known.slice(0, -1).filter((word) => word !== "user" && word !== "grant")).toEqual([]);
    }
  }
});
