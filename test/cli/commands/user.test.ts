// sluice user: accounts from the command line.

import { describe, expect, test } from "bun:test";
import { digestOf } from "../../../src/access/secrets.ts";
import { commandsOn } from "../../support/manage.ts";

const { done, json, failure, snapshot } = commandsOn();
const PASSWORD = "a long horse";

describe("sluice user", () => {
  test("without accounts says how to add one, and names the root", async () => {
    const { out, note } = await done("user list");
    expect(out).toBe("");
    expect(note).toContain('in the root "./files" (the default). Add one: sluice user add NAME --owner');
    expect(await json("user list --root files")).toEqual([]);
  });

  test("adds an account with a password from standard input, and stores only its hash", async () => {
    await done("user add anna --owner --team ops --password -", { input: PASSWORD });
    const { password, ...account } = snapshot().accounts.get("anna") ?? {};
    expect(account).toMatchObject({ owner: true, teams: ["ops"], disabled: false });
    expect(password).toStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
    expect(Bun.password.verifySync(PASSWORD, password ?? "")).toBe(true);
  });

  test("asks twice for a password on a terminal", async () => {
    await done("user add ben", { answers: [PASSWORD, PASSWORD] });
    expect(await failure("user add carl", 1, { answers: [PASSWORD, "another horse"] })).toBe(
      "The two passwords are different. Nothing was changed.",
    );
    expect(await failure("user add carl", 1, { answers: [PASSWORD, undefined] })).toContain(
      "No password was given",
    );
    expect(await failure("user add carl", 2)).toBe("no terminal");
    expect([...snapshot().accounts.keys()]).toEqual(["anna", "ben"]);
  });

  test("takes no password from an argument, and does not repeat it", async () => {
    const message = await failure("user add carl --password secret-horse", 2);
    expect(message).toStartWith("--password takes only -, for standard input");
    expect(message).not.toContain("secret-horse");
  });

  test("refuses bad passwords, bad names and names that are taken", async () => {
    expect(await failure("user add carl --password -", 1, { input: "short" })).toContain("the least is 8");
    // Before a password is asked for.
    expect(await failure("user add anna", 1)).toBe("There is an account anna already.");
    for (const name of ["@ops", "a:b", "anyone", "../x", "a\u202eb"])
      expect(await failure(["user", "invite", name], 2)).toContain("Choose another name");
    expect(await failure("user invite dora --team a/b", 2)).toStartWith("--team: ");
  });

  test("invites: the account has no password, and the link is shown once", async () => {
    const { out, note } = await done("user invite eve --url https://files.example.org");
    const [, token = ""] = /^https:\/\/files\.example\.org\/invite#(\S{43})\n$/.exec(out) ?? [];
    expect(token).not.toBe("");
    expect(note).toContain("works once, until");
    const { accounts, secrets } = snapshot();
    expect(accounts.get("eve")?.password).toBeNull();
    expect(secrets.get(digestOf(token).toString("hex"))).toMatchObject({ kind: "invite", account: "eve" });
    expect(await done("user list")).toMatchObject({ out: expect.stringMatching(/^eve\t\t\tinvited\t/m) });
  });

  test("resets by a link that replaces the one before, or with a new password at once", async () => {
    const invites = () => [...snapshot().secrets.values()].filter(({ kind }) => kind === "invite");
    await done("user reset eve --expires 1h");
    expect(invites()).toHaveLength(1);
    await done("token add t --for ben");
    await done("user reset ben --password -", { input: "another horse" });
    const { accounts, secrets } = snapshot();
    expect(Bun.password.verifySync("another horse", accounts.get("ben")?.password ?? "")).toBe(true);
    expect([...secrets.values()].filter(({ account }) => account === "ben")).toEqual([]);
  });

  test("says where the address of a link comes from", async () => {
    const { out, note } = await done("user reset eve", {
      env: { SLUICE_PORT: "8080", SLUICE_BASE_PATH: "/x" },
    });
    expect(out).toStartWith("http://127.0.0.1:8080/x/invite#");
    expect(note).toContain("--url sets the one that browsers use");
  });

  test("changes owner, teams and rate together", async () => {
    await done("user change ben --owner --team a,b --team @c --rate 5MB");
    expect(snapshot().accounts.get("ben")).toMatchObject({
      owner: true,
      teams: ["a", "b", "c"],
      rate: 5_000_000,
    });
    await done("user change ben --no-owner --no-teams --no-rate");
    expect(snapshot().accounts.get("ben")).toMatchObject({ owner: false, teams: [], rate: null });
    expect(await failure("user change ben", 2)).toStartWith("nothing to change");
    expect(await failure("user change ben --rate 1", 2)).toStartWith("--rate: ");
  });

  test("keeps the last owner", async () => {
    for (const argv of ["user change anna --no-owner", "user disable anna", "user remove anna"])
      expect(await failure(argv, 1)).toStartWith("The account anna is the last owner");
  });

  test("disables, enables and removes", async () => {
    await done("user disable ben");
    expect(await done("user list")).toMatchObject({ out: expect.stringMatching(/^ben\t\t\tdisabled\t/m) });
    await done("user enable ben");
    await done("grant ben / read");
    await done("user remove ben");
    const { accounts, rules } = snapshot();
    expect([...accounts.keys()]).toEqual(["anna", "eve"]);
    expect(rules).toEqual([]);
  });

  test("lists without hashes, in JSON and as a table (GHSA-833g-cqhp-h72j)", async () => {
    const accounts = await json("user list");
    expect(accounts).toEqual([
      expect.objectContaining({ name: "anna", owner: true, hasPassword: true, secondFactor: false }),
      expect.objectContaining({ name: "eve", hasPassword: false }),
    ]);
    const { out } = await done("user list", { interactive: true });
    expect(out).toMatch(/^Name {2}Role {3}Teams {2}State {4}Login {2}Added\nanna {2}owner {2}@ops {3}active/);
    expect(out + JSON.stringify(accounts)).not.toContain("$argon2");
  });

  test("names what exists when a name does not", async () => {
    expect(await failure("user disable ana", 1)).toBe(
      'There is no account "ana" in the root "./files" (the default); the nearest is anna.',
    );
    expect(await failure("user remove zoltan", 1)).toContain("accounts: anna, eve.");
    expect(await failure("user remove x --root nowhere", 1)).toBe(
      'There is no folder "nowhere" (--root). Name the root that the server serves with --root, or create it first.',
    );
  });

  test("names the nearest command and flag", async () => {
    expect(await failure("user ad x", 2)).toBe('unknown command "ad"; the nearest is add');
    expect(await failure("user add x --ownr", 2)).toBe('unknown flag "--ownr"; the nearest is --owner');
    expect(await failure("user add", 2)).toBe("missing required argument 'name'");
  });
});
