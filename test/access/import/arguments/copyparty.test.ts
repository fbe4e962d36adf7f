// Tests of copyparty's arguments: volumes as rules, the one root they need, and what is reported.

import { describe, expect, test } from "bun:test";
import { readCopyparty } from "../../../../src/access/import/arguments/copyparty.ts";
import { ImportError } from "../../../../src/access/import/model.ts";

const read = (line: string) => readCopyparty(line.split(" "));

/** `ed /music read` for each rule. */
function rules(line: string): string[] {
  return read(line).rules.map(
    ({ subject, path, words }) => `${subject} /${path} ${words.join(",") || "none"}`,
  );
}

const findings = (line: string): string =>
  read(line)
    .findings.map(({ about, detail }) => `${about}: ${detail}`)
    .join("\n");

describe("permissions", () => {
  test("are words for everyone and for accounts", () => {
    expect(rules("-a ed:hunter2 -v /srv::r:rw,ed")).toEqual(["anyone / list,read", "ed / list,read,write"]);
    expect(rules("-a ed:x -a bo:y -v /srv::w,ed:rwmd,bo")).toEqual([
      "ed / write",
      "bo / list,read,write,replace,delete",
    ]);
    expect(rules("-a ed:x -v /srv::A,ed")).toEqual(["ed / list,read,write,replace,delete"]);
    expect(rules("")).toEqual(["anyone / list,read,write"]);
  });

  test("of a volume hide those of the volume above", () => {
    expect(rules("-a ed:x -a bo:y -v /srv::r:rw,ed -v /srv/private:private:r,bo")).toEqual([
      "anyone / list,read",
      "anyone /private none",
      "ed / list,read,write",
      "ed /private none",
      "bo /private list,read",
    ]);
  });

  test("of groups are those of their members", () => {
    expect(rules("-a ed:x -a bo:y --grp staff:ed,bo -v /srv::rw,@staff")).toEqual([
      "ed / list,read,write",
      "bo / list,read,write",
    ]);
    expect(rules("-a ed:x -a bo:y --grp=staff:bo -v /srv::r,%staff")).toEqual(["bo / list,read"]);
    expect(rules("-a ed:x -v /srv::rw,@nobody")).toEqual([]);
  });

  test("that Sluice cannot give are reported and not granted", () => {
    expect(rules("-v /srv::g")).toEqual([]);
    expect(findings("-v /srv::g")).toContain("read also lists");
    expect(rules("-a ed:x -v /srv::rm,ed")).toEqual(["ed / list,read"]);
    expect(findings("-a ed:x -v /srv::rm,ed")).toContain("moving needs write and delete");
    expect(findings("-a ed:x -v /srv::A,ed:c,nodupe,fk=4")).toMatch(
      /permission a.*\n.*permission \..*\n.*nodupe,fk=4/,
    );
  });

  test("of a volume for each account or group are for that one", () => {
    const one = (text: string): string =>
      text.replace(/[UG]/g, (letter) => `$${`{${letter.toLowerCase()}}`}`);
    expect(rules(one("-a ed:x -a bo:y -v /srv/U:home/U:rw,U"))).toEqual([
      "ed /home/ed list,read,write",
      "bo /home/bo list,read,write",
    ]);
    expect(rules(one("-a ed:x -a bo:y --grp staff:bo -v /srv/::r -v /srv/G:G:rw,@G"))).toEqual([
      "anyone / list,read",
      "anyone /staff none",
      "bo /staff list,read,write",
    ]);
  });

  test("that other flags take away are not granted", () => {
    expect(rules("-v /srv::A --no-del")).toEqual(["anyone / list,read,write"]);
    expect(rules("-v /srv::A -ss")).toEqual(["anyone / list,read,write"]);
    expect(rules("-v /srv::A -s -s")).toEqual(["anyone / list,read,write"]);
    expect(rules("-v /srv::A -nw")).toEqual(["anyone / list,read"]);
  });
});

describe("volumes", () => {
  test.each([
    ["-v /srv::r -v /srv/music:music:rw", "/srv", []],
    ["-v .::r -v ./music:/music/:rw", ".", []],
    ["-v /srv/music:music:r -v /srv/inc:inc:w", "/srv", []],
    ["-v /srv::r -v /mnt/inc:in/box:w", "/srv", ["/in/box /mnt/inc"]],
    ["-v /mnt/a:a:r -v /srv/b:b:r", undefined, ["/a /mnt/a", "/b /srv/b"]],
    ["-v /mnt/music:songs:r", undefined, ["/songs /mnt/music"]],
  ])("of %s need one root, and bind mounts for the others", (line, root, mounts) => {
    const places = read(line);
    expect(places.root).toBe(root);
    expect(places.mounts.map(({ path, source }) => `/${path} ${source}`)).toEqual(mounts);
  });

  test.each(["-v /srv", "-v /srv::rX", "-v /a:x:r -v /b:/x/:r", "-a password", "-v"])(
    "of %s are refused",
    (line) => {
      expect(() => read(line)).toThrow(ImportError);
    },
  );
});

test("an account with a hash of copyparty gets an invite", () => {
  const hash = `+${"x".repeat(32)}`;
  expect(read(`-a ed:${hash} --ah-alg argon2`).accounts).toEqual([{ name: "ed", owner: false }]);
  expect(read(`-a ed:${hash}`).accounts).toEqual([{ name: "ed", owner: false, password: { plain: hash } }]);
});

test("flags with one dash and several letters are not taken for single letters", () => {
  const line = "-e2dsa -ed -nc 5 -i 127.0.0.1,unix:/run/a.sock -p 80,443 --rp-loc /files --df 10 -q -j 4";
  const { options, accounts } = read(line);
  expect(accounts).toEqual([]);
  expect(options).toEqual(["--host", "127.0.0.1", "--port", "80", "--base-path", "/files"]);
  for (const part of ['"e2dsa"', '"ed"', '"nc" "5"', "unix:/run/a.sock", '"443"', '"df" "10"'])
    expect(findings(line)).toContain(part);
});
