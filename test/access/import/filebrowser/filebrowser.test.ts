// Tests of reading filebrowser's database: what is taken, what is reported, and that nothing becomes more open.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readFilebrowser } from "../../../../src/access/import/filebrowser/filebrowser.ts";
import { ImportError, MAX_FINDINGS } from "../../../../src/access/import/model.ts";
import type { Word } from "../../../../src/config/config.ts";
import { checkFolderPath, ROOT } from "../../../../src/path.ts";
import { changed, large, PAGE, seal, small } from "./fixtures.ts";

const NOW = Date.UTC(2026, 10, 29);
const EVERYTHING: Word[] = ["list", "read", "write", "replace", "delete", "share"];

const imported = readFilebrowser(small, NOW);
const about = (name: string): string[] =>
  imported.findings.filter((finding) => finding.about.includes(name)).map(({ detail }) => detail);
const rulesOf = (subject: string) => imported.rules.filter((rule) => rule.subject === subject);

/** The same database with another text in place of one of the same length. */
function replaced(from: string, to: string): Uint8Array {
  expect(to.length).toBe(from.length);
  const text = Buffer.from(small).toString("latin1");
  expect(text).toContain(from);
  return new Uint8Array(Buffer.from(text.replaceAll(from, to), "latin1"));
}

describe("accounts", () => {
  test("have their names, and the administrator is an owner", () => {
    expect(imported.accounts.map(({ name, owner }) => [name, owner])).toEqual([
      ["admin", true],
      ["ed", false],
      ["uploader", false],
      ["careful", false],
    ]);
  });

  test("have hashes that verify with the passwords of filebrowser", () => {
    const hashOf = (name: string): string => {
      const account = imported.accounts.find((one) => one.name === name);
      return account?.password && "hash" in account.password ? account.password.hash : "";
    };
    expect(Bun.password.verifySync("correct horse", hashOf("admin"))).toBe(true);
    expect(Bun.password.verifySync("hunter2hunter2", hashOf("ed"))).toBe(true);
    expect(Bun.password.verifySync("hunter2", hashOf("ed"))).toBe(false);
  });

  test("have the scope as a rule, with the words of their permissions", () => {
    expect(rulesOf("admin")[0]).toEqual({ subject: "admin", path: ROOT, words: EVERYTHING });
    expect(rulesOf("uploader")[0]).toMatchObject({ path: "inbox", words: ["list", "write"] });
    expect(about('"uploader"').join(" ")).toContain("Renaming is left out");
  });

  test("have rules of which the nearest decides as the last one did", () => {
    expect(rulesOf("ed").map(({ path, words }) => [String(path), words.length > 0])).toEqual([
      ["team/ed", true],
      ["team/ed/attic", false],
      ["team/ed/attic/mine", true],
      ["team/ed/private", false],
      ["team/ed/private/shown", true],
    ]);
  });

  test("get nothing when a regular expression refuses paths, and the report has the command that grants it", () => {
    expect(rulesOf("careful")).toEqual([]);
    expect(about('"careful"').join(" ")).toMatch(/\\\.secret\$.*sluice grant careful \/ read/);
  });

  test("whose hash would take minutes to verify get an invite instead", () => {
    const { accounts, findings } = readFilebrowser(replaced("$2a$10$", "$2a$31$"), NOW);
    expect(accounts[0]).toEqual({ name: "admin", owner: true });
    expect(JSON.stringify(findings)).toContain("The cost 31");
  });

  test("with a name that no account can have are left out, with their links", () => {
    const { accounts, links, rules } = readFilebrowser(replaced('"username":"ed"', '"username":"@d"'), NOW);
    expect(accounts.map(({ name }) => name)).toEqual(["admin", "uploader", "careful"]);
    expect(links).toEqual([]);
    expect(rules.filter(({ path }) => path.startsWith("team"))).toEqual([]);
  });

  test("with a scope of dots stay in the root", () => {
    const { rules } = readFilebrowser(replaced('"scope":"/inbox"', '"scope":"../../"'), NOW);
    expect(rules.filter(({ subject }) => subject === "uploader")[0]?.path).toBe(ROOT);
  });
});

describe("links", () => {
  test("keep path, expiry and a password that verifies", () => {
    expect(imported.links).toEqual([
      {
        account: "ed",
        path: checkFolderPath("team/ed/report.pdf"),
        name: "aBcDeFgH",
        password: expect.any(String),
      },
      { account: "ed", path: checkFolderPath("team/ed/photos"), name: "iJkLmNoP", expires: 4102444800000 },
    ]);
    expect(Bun.password.verifySync("open sesame", imported.links[0]?.password ?? "")).toBe(true);
  });

  test("that are over, or open nothing, are left out with the reason", () => {
    expect(about('"qRsTuVwX"').join()).toContain("expired on 2017-07-14");
    expect(about('"lost-one"').join()).toContain("account does not exist");
    expect(about('"noshare_"').join()).toContain("may not share");
  });

  test("with a password whose hash cannot be taken are not opened without it", () => {
    const bytes = replaced('"password_hash":"$2a$04$', '"password_hash":"$9x$04$');
    const { links, findings } = readFilebrowser(bytes, NOW);
    expect(links.map(({ name }) => name)).toEqual(["iJkLmNoP"]);
    expect(JSON.stringify(findings)).toContain("its password cannot be taken");
  });
});

test("settings become options, or findings", () => {
  expect(imported.root).toBe("/srv");
  expect(imported.options).toEqual(["--host", "127.0.0.1", "--port", "8080", "--base-path", "/files"]);
  expect(imported.findings.map((finding) => finding.about)).toEqual(
    expect.arrayContaining([
      "setting signup",
      "setting createUserDir",
      "setting branding",
      "command after_upload",
    ]),
  );
});

test("a name that every object has is no way to log in", () => {
  const bytes = replaced(
    '"authMethod":"json","branding":{"name":"Files of ACME",',
    '"authMethod":"constructor","branding":{"name":"Files ",',
  );
  const [finding] = readFilebrowser(bytes, NOW).findings.filter((one) => one.about === "setting authMethod");
  expect(finding?.detail).toContain('"constructor" is unknown');
});

test("a large database is read whole, and its findings are bounded", () => {
  const { accounts, rules, findings, findingsOmitted } = readFilebrowser(large, NOW);
  expect(accounts).toHaveLength(600);
  expect(rules).toHaveLength(600 + 400);
  expect(findings.length + findingsOmitted).toBe(500);
  expect(findings.length).toBeLessThanOrEqual(MAX_FINDINGS);
});

describe("another file", () => {
  test("with records of another program is refused, and says which", () => {
    const bytes = replaced('"perm":', '"Perm":');
    expect(() => readFilebrowser(bytes, NOW)).toThrow(/No user has the form of filebrowser 2 \(\/perm/);
  });

  test("with settings that cannot be read is refused, because they hold rules for everyone", () => {
    expect(() =>
      readFilebrowser(
        replaced(
          '"rules":[{"regex":false,"allow":false,"path":"/attic"',
          '"rules":{{"regex":false,"allow":false,"path":"/attic"',
        ),
        NOW,
      ),
    ).toThrow(/The record "settings"/);
  });

  test("that is no bbolt file is refused", () => {
    expect(() => readFilebrowser(new Uint8Array(9000), NOW)).toThrow(ImportError);
  });
});

test("whatever bytes change, the import ends, with checked paths or with an ImportError", () => {
  const change = fc.record({ at: fc.nat(), value: fc.integer({ min: 0, max: 255 }) });
  const property = fc.property(fc.array(change, { minLength: 1, maxLength: 40 }), (changes) => {
    const bytes = changed(small, (view, copy) => {
      // Half of the changes are in the pages that hold the records.
      for (const { at, value } of changes)
        copy[at % 2 === 0 ? at % copy.length : (at % (2 * PAGE)) + 8 * PAGE] = value;
      seal(view);
    });
    try {
      const result = readFilebrowser(bytes, NOW);
      for (const { path } of [...result.rules, ...result.links]) expect(checkFolderPath(path)).toBe(path);
    } catch (error) {
      if (!(error instanceof ImportError)) throw error;
    }
  });
  fc.assert(property, { numRuns: 300 });
});
