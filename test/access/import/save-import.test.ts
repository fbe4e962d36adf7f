// Tests of writing an import into access.db: once, as a whole, and never over what is there.

import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addAccount } from "../../../src/access/database/changes/account-changes.ts";
import { setGrant } from "../../../src/access/database/changes/grant-changes.ts";
import { openDatabase } from "../../../src/access/database/open.ts";
import { readSnapshot } from "../../../src/access/database/snapshot.ts";
import { readFilebrowser } from "../../../src/access/import/filebrowser/filebrowser.ts";
import { type KindOf, saveImport } from "../../../src/access/import/save-import.ts";
import { formatWords, wordsOf } from "../../../src/access/words.ts";
import { ROOT } from "../../../src/path.ts";
import { large, small } from "./filebrowser/fixtures.ts";

const NOW = Date.UTC(2026, 10, 29);
const folder = mkdtempSync(join(tmpdir(), "sluice-import-"));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
function fresh() {
  return openDatabase(join(folder, `${++count}.db`), { create: true });
}

const everything: KindOf = (path) => (path.endsWith(".pdf") ? "file" : "folder");
const imported = readFilebrowser(small, NOW);

test("accounts, rules and links are there afterwards", () => {
  using database = fresh();
  const result = saveImport(database, imported, everything);
  const { accounts, rules, links } = readSnapshot(database);
  expect([...accounts.keys()].toSorted()).toEqual(["admin", "careful", "ed", "uploader"]);
  expect(accounts.get("admin")?.owner).toBe(true);
  expect(Bun.password.verifySync("hunter2hunter2", accounts.get("ed")?.password ?? "")).toBe(true);
  const ofUploader = rules.filter(({ subject }) => subject === "uploader");
  expect(ofUploader.map(({ path, words }) => `/${path} ${formatWords(words)}`).toSorted()).toEqual([
    "/inbox list,write",
    "/inbox/attic none",
  ]);
  expect(
    [...links.values()].map(({ account, path, kind }) => [account, String(path), kind]).toSorted(),
  ).toEqual([
    ["ed", "team/ed/photos", "folder"],
    ["ed", "team/ed/report.pdf", "file"],
  ]);
  expect(result.links.map(({ name }) => name).toSorted()).toEqual(["aBcDeFgH", "iJkLmNoP"]);
});

test("a second import adds nothing", () => {
  using database = fresh();
  saveImport(database, imported, everything);
  const before = JSON.stringify(readSnapshot(database).rules);
  const again = saveImport(database, imported, everything);
  expect([again.accounts, again.rules, again.links]).toEqual([[], [], []]);
  expect(JSON.stringify(readSnapshot(database).rules)).toBe(before);
  expect(readSnapshot(database).links.size).toBe(2);
  expect(again.findings.filter(({ detail }) => detail.includes("exists already"))).toHaveLength(4);
});

test("an account that exists keeps its password and rules, and gets no others", () => {
  using database = fresh();
  addAccount(database, { name: "ed", owner: false, password: null });
  setGrant(database, { subject: "ed", path: ROOT, words: wordsOf(["list"]) });
  saveImport(database, imported, everything);
  const { accounts, rules, links } = readSnapshot(database);
  expect(accounts.get("ed")?.password).toBeNull();
  expect(rules.filter(({ subject }) => subject === "ed")).toHaveLength(1);
  expect(links.size).toBe(0);
});

test("CVE-2026-61874: a link to nothing is left out, or it would open what gets its name later", () => {
  using database = fresh();
  const { links, findings } = saveImport(database, imported, () => undefined);
  expect(links).toEqual([]);
  expect(findings.map(({ detail }) => detail).join()).toContain('there is nothing at "/team/ed/report.pdf"');
});

test("an import that fails in the middle leaves nothing", () => {
  using database = fresh();
  database.run("CREATE TRIGGER fault BEFORE INSERT ON links BEGIN SELECT RAISE(ABORT, 'no more'); END");
  expect(() => saveImport(database, imported, everything)).toThrow("no more");
  expect(readSnapshot(database).accounts.size).toBe(0);
  expect(readSnapshot(database).rules).toEqual([]);
});

test.each([0, 500, 999])(
  "kill -9 after %p rules leaves nothing, and the next import is whole",
  async (last) => {
    const file = join(folder, `killed-${last}.db`);
    const program = join(import.meta.dir, "killed-import.ts");
    const child = Bun.spawn([process.execPath, program, file, `${last}`], { stderr: "pipe" });
    await child.exited;
    expect(child.signalCode).toBe("SIGKILL");
    using database = openDatabase(file, { create: false });
    if (!database) throw new Error("There is no database.");
    expect(readSnapshot(database)).toMatchObject({ rules: [], closed: false });
    expect(readSnapshot(database).accounts.size).toBe(0);
    expect(saveImport(database, imported, everything).accounts).toHaveLength(4);
  },
);

test("600 accounts with 1,000 rules are taken at once", () => {
  using database = fresh();
  const result = saveImport(database, readFilebrowser(large, NOW), everything);
  expect([result.accounts.length, result.rules.length]).toEqual([600, 1000]);
  expect(readSnapshot(database).accounts.size).toBe(600);
});
