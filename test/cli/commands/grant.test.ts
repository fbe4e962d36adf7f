// sluice grant, sluice token and sluice quota from the command line.

import { beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { digestOf } from "../../../src/access/secrets.ts";
import { formatWords } from "../../../src/access/words.ts";
import { commandsOn } from "../../support/manage.ts";

const { done, json, failure, snapshot, root, folder } = commandsOn();

beforeAll(async () => {
  await done("user invite anna --team ops");
  await done("user invite olga --owner");
});

describe("sluice grant", () => {
  const rules = () => snapshot().rules.map(({ subject, path, words }) => [subject, path, formatWords(words)]);

  test("sets and replaces the rule of an account, a team or anyone", async () => {
    await done("grant anna / read");
    await done("grant @ops team/a write,replace");
    await done("grant anyone /pub/ read");
    await done("grant set anna team none");
    expect(rules().toSorted()).toEqual([
      ["@ops", "team/a", "write,replace"],
      ["anna", "", "read"],
      ["anna", "team", "none"],
      ["anyone", "pub", "read"],
    ]);
    await done("grant anna / all");
    expect(rules()).toContainEqual(["anna", "", "all"]);
  });

  test("lists the rules, of one subject too", async () => {
    expect((await done("grant list")).out).toBe(
      "anna\t/\tall\nanyone\t/pub\tread\nanna\t/team\tnone\n@ops\t/team/a\twrite,replace\n",
    );
    expect(await json("grant list anyone")).toEqual([{ subject: "anyone", path: "pub", words: "read" }]);
  });

  test("explains which rule decided each word, for each subject", async () => {
    expect(await json("grant explain anna team/a/x.txt")).toMatchObject({
      owner: false,
      words: [
        { word: "list", may: false },
        { word: "read", may: false },
        {
          word: "write",
          may: true,
          rules: [
            { subject: "anyone", rule: null },
            { subject: "anna", rule: { path: "team", words: "none", gives: false } },
            { subject: "@ops", rule: { path: "team/a", words: "write,replace", gives: true } },
          ],
        },
        { word: "replace", may: true },
        { word: "delete", may: false },
        { word: "share", may: false },
      ],
    });
    expect((await done("grant explain anna team/a", { interactive: true })).out).toContain(
      "write    yes  no rule  no, by the rule at /team  yes, by the rule at /team/a\n",
    );
    const { out } = await done("grant explain olga secret", { interactive: true });
    expect(out).toContain("olga is an owner, who may do everything: no rule counts.");
    expect((await done("grant explain anyone pub")).out).toContain("read\tyes\tyes, by the rule at /pub\n");
    expect((await done("grant explain @ops team/a")).out).toContain(
      "\tyes\tno rule\tyes, by the rule at /team/a",
    );
  });

  test("explains with the default of --allow, or the one in sluice.toml", async () => {
    await Bun.write(join(folder(), "allow.toml"), 'allow = "read=docs"\n');
    const explained = await done("grant explain anyone docs --config allow.toml");
    expect(explained.out).toContain("read\tyes\tyes, by the rule at /docs\n");
    expect((await done("grant explain anyone docs")).out).toContain("read\tno\tno rule\n");
  });

  test("removes a rule, and says where there are others", async () => {
    expect(await failure("grant remove anna pub", 1)).toBe(
      "anna has no rule at /pub; its rules are at /, /team.",
    );
    await done("grant remove anna team");
    expect(rules()).not.toContainEqual(["anna", "team", "none"]);
  });

  test("takes paths of the disk that are in the root", async () => {
    await done(["grant", "anna", join(root(), "disk/x"), "read"]);
    await done("grant anna ./files/disk/y read");
    expect(snapshot().rules.map(({ path }) => path)).toEqual(expect.arrayContaining(["disk/x", "disk/y"]));
    expect(await failure("grant anna ./elsewhere read", 2)).toBe(
      '"./elsewhere" is not in the root "./files" (the default)',
    );
    expect(await failure("grant anna a/../b read", 2)).toContain("is not a path");
  });

  test("names the nearest subject and word", async () => {
    expect(await failure("grant ana / read", 1)).toContain("the nearest is anna");
    expect(await failure("grant @opps / read", 1)).toContain("the nearest is @ops");
    expect(await failure("grant anna / read,wirte", 2)).toBe(
      '"wirte" is no permission; the nearest is write',
    );
  });
});

describe("sluice token", () => {
  test("makes a token that is shown once, alone on standard output, and kept as a digest", async () => {
    const { out, note } = await done("token add backup --for anna --allow read=team --expires 30d");
    expect(out).toMatch(/^slu_\S{43}\n$/);
    expect(note).toContain("It acts for anna (read at /team), until 20");
    const kept = snapshot().secrets.get(digestOf(out.trim()).toString("hex"));
    expect(kept).toMatchObject({ kind: "token", account: "anna", name: "backup", path: "team" });
    const left = (kept?.expires ?? 0) - Date.now();
    expect(left / 86_400_000).toBeWithin(29.9, 30.1);
    const file = Buffer.from(await Bun.file(join(root(), ".sluice/access.db")).bytes());
    expect(file.includes("backup")).toBe(true);
    expect(file.includes(out.trim())).toBe(false);
  });

  test("lists and revokes by id or name", async () => {
    const one = await json("token add ci --for anna --expires never");
    await done("token add ci --for olga");
    expect(await json("token list")).toMatchObject([
      { name: "backup", account: "anna", words: "read", path: "team" },
      { name: "ci", account: "anna", words: null, path: null, expires: null },
      { name: "ci", account: "olga" },
    ]);
    expect(await failure("token revoke ci", 2)).toContain("several tokens");
    await done(["token", "revoke", Object(one).id]);
    await done("token revoke ci");
    expect(await failure("token revoke bakcup", 1)).toContain("the nearest is backup");
  });

  test("refuses a token that could do nothing, and one of nobody", async () => {
    expect(await failure("token add x --for anna --allow none", 2)).toContain("could do nothing");
    expect(await failure("token add x --for ana", 1)).toContain("the nearest is anna");
    expect(await failure("token add x", 2)).toContain("--for <account>");
    expect(await failure("token add x --for anna --expires 1x", 2)).toStartWith("--expires: ");
  });
});

test("sluice quota sets, lists and removes", async () => {
  await done("quota team 50GB");
  await done("quota / 1TB");
  expect(await json("quota list")).toEqual([
    { path: "", bytes: 1e12 },
    { path: "team", bytes: 50e9 },
  ]);
  await done("quota remove /team");
  expect((await done("quota list")).out).toBe("/\t1 TB\n");
  expect(await failure("quota remove team", 1)).toContain("quotas: /");
  expect(await failure("quota team 5XB", 2)).toContain('"5XB" is not allowed; use a size');
});
