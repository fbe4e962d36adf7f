// The nearest rule of each subject, united, matched segment by segment.

import { describe, expect, test } from "bun:test";
import { Asker } from "../../src/access/asker.ts";
import { Rules, rulesOfAllow } from "../../src/access/rules.ts";
import { ALL_WORDS, formatWords, parseWords } from "../../src/access/words.ts";
import type { Grant } from "../../src/config/config.ts";
import { checkFolderPath } from "../../src/path.ts";

const words = (text: string): number => parseWords(text) ?? Number.NaN;
const at = (path: string) => checkFolderPath(path);

function rules(...given: [subject: string, path: string, words: string][]): Rules {
  return new Rules(given.map(([subject, path, text]) => ({ subject, path: at(path), words: words(text) })));
}

function asker(
  known: Rules,
  name: string | null,
  more: Partial<ConstructorParameters<typeof Asker>[1]> = {},
) {
  return new Asker(known, { via: "session", account: name, maker: "x", ...more });
}

describe("words", () => {
  test.each(["none", "all", "list", "read", "read,write", "list,write", "replace,delete,share"])(
    "%s",
    (text) => {
      expect(formatWords(words(text))).toBe(text);
    },
  );
  test("read includes list", () => expect(words("read") & words("list")).not.toBe(0));
  test("unknown ones are refused", () =>
    expect(["", "write,", "admin", "READ"].map(parseWords)).toEqual(Array(4).fill(undefined)));
});

describe("the words at a path", () => {
  const known = rules(
    ["anyone", "pub", "read"],
    ["anyone", "pub/inner", "none"],
    ["@team", "team", "read,write"],
    ["alice", "team/alice", "all"],
    ["alice", "pub", "write"],
  );
  const cases: [name: string | null, teams: string[], path: string, expected: string][] = [
    [null, [], "pub", "read"],
    [null, [], "pub/a/b", "read"],
    [null, [], "pub/inner/a", "none"],
    [null, [], "", "none"],
    [null, [], "team", "none"],
    // CVE-2026-35605: /a matches /ab
    [null, [], "public", "none"],
    [null, [], "pu", "none"],
    ["alice", [], "pub", "read,write"],
    ["alice", [], "pub/inner", "write"],
    ["alice", ["team"], "team", "read,write"],
    ["alice", ["team"], "team/alice/x", "all"],
    ["alice", [], "team/alice2", "none"],
    ["bob", ["team"], "team/alice", "read,write"],
    ["bob", [], "team/alice", "none"],
  ];
  test.each(cases)("of %p %p at %p: %s", (name, teams, path, expected) => {
    expect(formatWords(asker(known, name, { teams }).words(at(path)))).toBe(expected);
  });

  test("of an owner are all, everywhere", () => {
    expect(asker(known, "olga", { owner: true }).words(at("pub/inner"))).toBe(ALL_WORDS);
  });

  test("of a token are those of its account within its scope", () => {
    const scope = { path: at("team"), words: words("read,delete") };
    const token = asker(known, "alice", { teams: ["team"], scope });
    expect(formatWords(token.words(at("team")))).toBe("read");
    expect(formatWords(token.words(at("team/alice")))).toBe("read,delete");
    expect(formatWords(token.words(at("pub")))).toBe("none");
    expect(formatWords(token.words(at("teams")))).toBe("none");
    expect(token.sees(at(""))).toBe(true);
    expect(token.canSomewhere("delete")).toBe(true);
    expect(token.canSomewhere("write")).toBe(false);
  });
});

describe("below a folder", () => {
  const known = rules(
    ["alice", "", "all"],
    ["alice", "a/b", "read"],
    ["alice", "ab", "none"],
    ["bob", "x/y", "read"],
  );
  const alice = asker(known, "alice");
  test("the nearest refusal is named", () => {
    expect(alice.refusedBelow("delete", at("a"))).toBe(at("a/b"));
    expect(alice.refusedBelow("read", at("a"))).toBeNull();
    expect(alice.refusedBelow("read", at(""))).toBe(at("ab"));
    expect(alice.refusedBelow("delete", at("a/b"))).toBeNull();
  });
  test("a folder leads to a word that a rule below it gives", () => {
    expect(alice.leadsTo("read", at("a"))).toBe(true);
    expect(alice.leadsTo("write", at("a"))).toBe(false);
    expect(asker(known, "bob").leadsTo("read", at(""))).toBe(true);
  });
  test("a folder above a grant is seen, its neighbours are not", () => {
    const bob = asker(known, "bob");
    expect(["", "x", "x/y", "x/y/z", "x/other", "a"].map((path) => bob.sees(at(path)))).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});

test("--allow adds the words of folders above, as Deno does", () => {
  const allow = (...grants: Grant[]) => new Rules(rulesOfAllow(new Set(grants)));
  const text = (known: Rules, path: string) => formatWords(known.wordsOf(["anyone"], at(path)));
  const inbox = allow("read", "write=inbox");
  expect([text(inbox, ""), text(inbox, "inbox/a"), text(inbox, "inboxes")]).toEqual([
    "read",
    "read,write",
    "read",
  ]);
  const single = allow("read=pub", "write=inbox");
  expect([text(single, ""), text(single, "pub"), text(single, "inbox")]).toEqual(["none", "read", "write"]);
});
