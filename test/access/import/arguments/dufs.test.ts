// Tests of dufs' arguments: who may do what where, and what is reported.

import { describe, expect, test } from "bun:test";
import { readDufs } from "../../../../src/access/import/arguments/dufs.ts";
import { script } from "../../../../src/access/import/commands.ts";
import { ImportError } from "../../../../src/access/import/model.ts";
import { callsOf } from "../shell.ts";

/** `user /dir read,write` for each rule. */
function rules(...argv: string[]): string[] {
  return readDufs(argv).rules.map(({ subject, path, words }) => `${subject} /${path} ${words.join(",")}`);
}

const findings = (...argv: string[]): string =>
  readDufs(argv)
    .findings.map(({ about, detail }) => `${about}: ${detail}`)
    .join("\n");

describe("rules", () => {
  test("are the paths of each account, and :rw is what the flags allow", () => {
    const auth = ["-a", "user:pass@/dir1:rw,/dir2", "-a", "@/pub:ro"];
    const reading = ["user /dir2 list,read", "anyone /pub list,read"];
    expect(rules(...auth, "-A")).toEqual(["user /dir1 list,read,write,replace,delete", ...reading]);
    expect(rules(...auth, "--allow-upload")).toEqual(["user /dir1 list,read,write", ...reading]);
    expect(rules(...auth, "--allow-delete")).toEqual(["user /dir1 list,read,delete", ...reading]);
    expect(rules(...auth)).toEqual(["user /dir1 list,read", ...reading]);
  });

  test("without accounts are for everyone", () => {
    expect(rules()).toEqual(["anyone / list,read"]);
    expect(rules("-A")).toEqual(["anyone / list,read,write,replace,delete"]);
  });

  test("may stand together in one value, beside passwords with the separators in them", () => {
    const { accounts } = readDufs(["--auth=a:x|y:z@/:rw|b:p@ss@1@/|@/"]);
    expect(accounts.map(({ name, password }) => [name, password])).toEqual([
      ["a", { plain: "x|y:z" }],
      ["b", { plain: "p@ss@1" }],
    ]);
    expect(rules("-aa:b@/x", "-a=c:d@/y")).toEqual(["a /x list,read", "c /y list,read"]);
  });

  test("of an account named twice are those of the last", () => {
    expect(rules("-a", "a:x@/one", "-a", "a:x@/two")).toEqual(["a /two list,read"]);
  });
});

describe("an account", () => {
  test("with a hash of SHA-512 gets an invite", () => {
    const argv = ["-a", "ed:$6$tWMB51u6Kb2ui3wd$5gVHP92V9kZcMwQeKTjyTRgySsYJu471Jb1I6iHQ8iZ6s07GgC@/:rw"];
    expect(readDufs(argv).accounts).toEqual([{ name: "ed", owner: false }]);
    expect(findings(...argv)).toContain("cannot be taken");
    expect(callsOf(script(readDufs(argv), "dufs"))[0]?.words).toEqual(["user", "invite", "ed"]);
  });

  test("that dufs ignores, or Sluice cannot have, is left out", () => {
    expect(rules("-a", "nobody@/x", "-a", "anyone:secret@/y:rw", "-a", "@team:x@/z")).toEqual([]);
    expect(findings("-a", "anyone:secret@/y")).toContain("stands for something else");
  });

  test.each([
    ["user:pass", "names no paths"],
    [":pass@/", "user:password"],
    ["user:@/", "user:password"],
    ["user:pass@/dir:none", "/folder:rw"],
    ["user:pass@/a,,/b", "/folder:rw"],
    ["@/|@/", "two rules for everyone"],
  ])("%j, which dufs refuses, is refused without showing the password", (text, reason) => {
    const run = (): unknown => readDufs(["-a", text]);
    expect(run).toThrow(ImportError);
    expect(run).toThrow(reason);
    expect(run).not.toThrow("pass@");
  });
});

test("the folder and the address are those of the command, and other options are reported", () => {
  const argv = [
    "/srv/files",
    "-b",
    "127.0.0.1,/run/dufs.sock",
    "-p",
    "80",
    "--path-prefix",
    "dufs/",
    "--hidden",
    "*.log",
    "--render-spa",
    "--what",
  ];
  const { root, options } = readDufs(argv);
  expect(root).toBe("/srv/files");
  expect(options).toEqual(["--host", "127.0.0.1", "--port", "80", "--base-path", "/dufs"]);
  for (const part of ["/run/dufs.sock", '--hidden "*.log"', "--render-spa", '"what"'])
    expect(findings(...argv)).toContain(part);
});

test("the commands without accounts say what everyone may do", () => {
  expect(callsOf(script(readDufs(["-A"]), "dufs")).map(({ words }) => words.join(" "))).toEqual([
    ". --host 0.0.0.0 --port 5000 --allow read,write,replace,delete",
  ]);
  expect(callsOf(script(readDufs(["-a", "@/pub"]), "dufs")).map(({ words }) => words.join(" "))).toEqual([
    "grant anyone pub read",
    ". --host 0.0.0.0 --port 5000 --allow none",
  ]);
});
