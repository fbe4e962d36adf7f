// sluice import from the command line: filebrowser's database is saved, arguments of dufs and copyparty become commands.

import { beforeAll, describe, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readDufs } from "../../../src/access/import/arguments/dufs.ts";
import { script } from "../../../src/access/import/commands.ts";
import { linkOfToken } from "../../../src/access/links/token.ts";
import { formatWords } from "../../../src/access/words.ts";
import { checkFolderPath } from "../../../src/path.ts";
import { small } from "../../access/import/filebrowser/fixtures.ts";
import { callsOf } from "../../access/import/shell.ts";
import { commandsOn } from "../../support/manage.ts";

const { done, json, failure, run, snapshot, root, folder } = commandsOn();

describe("sluice import filebrowser", () => {
  beforeAll(async () => {
    await writeFile(join(folder(), "filebrowser.db"), small);
    await mkdir(join(root(), "team/ed/photos"), { recursive: true });
    await writeFile(join(root(), "team/ed/report.pdf"), "x");
  });

  test("reports a file that is no database, and writes none", async () => {
    await writeFile(join(folder(), "text.db"), "text");
    expect(await failure("import filebrowser text.db", 1)).toBe(
      '"text.db": The file is not a bbolt database, or both of its meta pages are damaged.',
    );
    expect(await failure("import filebrowser missing.db", 1)).toBe(
      '"missing.db": The file cannot be read (ENOENT).',
    );
    expect(() => snapshot()).toThrow("There is no database");
  });

  test("saves accounts, rules and links, and says what is different", async () => {
    const words = "import filebrowser filebrowser.db --url https://files.example.org";
    const { out } = await done(words, { interactive: true });
    expect(out).toContain("4 accounts, 9 rules, 2 links.");
    expect(out).toMatch(/^uploader {3,}taken +\/inbox list,write$/m);
    expect(out).toContain('It was "/srv" and is');
    expect(out).toContain("    Renaming is left out");
    expect(out).toContain("\n      sluice grant careful / read\n");
    expect(out).toContain("--host 127.0.0.1 --port 8080 --base-path /files\n");
    expect(out).not.toContain("$2a$");
    const { accounts, links } = snapshot();
    expect([...accounts.keys()].toSorted()).toEqual(["admin", "careful", "ed", "uploader"]);
    expect([...links.values()].map(({ kind }) => kind).toSorted()).toEqual(["file", "folder"]);
    const [, token = ""] =
      /^aBcDeFgH +ed +\/team\/ed\/report\.pdf +https:\/\/files\.example\.org\/s\/(\S+)$/m.exec(out) ?? [];
    expect(linkOfToken(snapshot(), token)?.path).toBe(checkFolderPath("team/ed/report.pdf"));
  });

  test("GHSA-833g-cqhp-h72j: prints no hash as JSON, and adds nothing twice", async () => {
    const report = await json("import filebrowser filebrowser.db");
    expect(report).toMatchObject({ accounts: [], rules: [], links: [] });
    expect(JSON.stringify(report)).toContain("It exists already");
    expect(JSON.stringify(report)).not.toContain("$2");
    expect(snapshot().links.size).toBe(2);
  });
});

describe("sluice import dufs and copyparty", () => {
  test("end without an error when the reader of the pipe has had enough", async () => {
    const program = [process.execPath, join(import.meta.dir, "../../../src/main.ts")];
    const volumes = Array.from({ length: 5000 }, (_, index) => ["-v", `/srv/${index}:${index}:r`]).flat();
    const pipe = 'set -o pipefail; "$@" | head -n 1';
    const words = ["bash", "-c", pipe, "bash", ...program, "import", "copyparty", "--", ...volumes];
    const child = Bun.spawn(words, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    const [code, out, note] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
    expect({ code, note }).toEqual({ code: 0, note: "" });
    expect(out).toBe("# The same as the arguments of copyparty, for Sluice.\n");
  });

  test("print commands, also without a root, and JSON for programs", async () => {
    const words = ["--", "-a", "anna:correct horse@/team:rw", "--hidden", "x"];
    const printed = script(readDufs(words.slice(1)), "dufs");
    const elsewhere = { env: { SLUICE_ROOT: "nowhere" } };
    expect(await done(["import", "dufs", ...words], elsewhere)).toMatchObject({ out: printed });
    const { out } = await done(["import", "dufs", "--json", ...words]);
    expect(JSON.parse(out)).toMatchObject({
      commands: printed,
      findings: [{ about: expect.any(String) }, {}],
    });
    expect((await done("import copyparty -- -v /srv::r")).out).toContain("sluice /srv --host 0.0.0.0");
  });

  test("refuse arguments that the other server refuses, and never repeat a password", async () => {
    const message = await failure(["import", "dufs", "--", "-a", "anna:secret-horse"], 2);
    expect(message).toContain("names no paths");
    expect(message).not.toContain("secret-horse");
    expect(await failure("import copyparty -- -v /srv", 2)).toContain("is not a volume");
  });

  test("print commands that make the accounts and rules", async () => {
    const argv = [
      root(),
      "-A",
      "-a",
      "anna:correct horse@/files:rw,/-x",
      "-a",
      "list:it's a horse@/",
      "-a",
      "ben:$6$x@/b",
      "-a",
      "@/pub",
    ];
    for (const { words, input } of callsOf(script(readDufs(argv), "dufs")).slice(0, -1))
      expect(await run(words, { input, env: { SLUICE_ROOT: root() } })).toMatchObject({ code: 0 });
    const { accounts, rules } = snapshot();
    expect(Bun.password.verifySync("it's a horse", accounts.get("list")?.password ?? "")).toBe(true);
    expect(accounts.get("ben")?.password).toBeNull();
    const added = rules.filter(({ subject }) => ["anna", "list", "ben", "anyone"].includes(subject));
    expect(
      added.map(({ subject, path, words }) => `${subject} /${path} ${formatWords(words)}`).toSorted(),
    ).toEqual([
      "anna /-x read",
      "anna /files read,write,replace,delete",
      "anyone /pub read",
      "ben /b read",
      "list / read",
    ]);
  });
});
