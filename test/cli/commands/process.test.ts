// Commands as processes: the password prompt of a terminal, several at once beside a server, and files of other users.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accessFile, openDatabase } from "../../../src/access/database/open.ts";
import { readSnapshot } from "../../../src/access/database/snapshot.ts";
import { AccessDatabase, startAccessServer } from "../../support/access.ts";
import { Visitor } from "../../support/login.ts";
import { until } from "../../support/server.ts";
import { NOBODY, spawn, spawnAs, whyNotNobody } from "../../support/spawn.ts";
import { skipped } from "../../support/switches.ts";

const MAIN = join(import.meta.dir, "../../../src/main.ts");
const PASSWORD = "a long horse";
const notNobody = await whyNotNobody();
if (notNobody !== null) skipped("commands of another user", notNobody, "run the tests as root");

let root = "";
beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "sluice-commands-")));
});
afterAll(() => rm(root, { recursive: true }));

function snapshotOf(folder: string) {
  const database = openDatabase(accessFile(folder), { create: false });
  if (!database) throw new Error("There is no database");
  try {
    return readSnapshot(database);
  } finally {
    database.close();
  }
}

describe("on a terminal", () => {
  /** Runs a command on a terminal of its own, and types. */
  function type(argv: string[], answers: Record<string, string>) {
    let shown = "";
    const left = new Map(Object.entries(answers));
    const child = Bun.spawn([process.execPath, MAIN, ...argv, "--root", root], {
      terminal: {
        data(terminal, bytes) {
          shown += new TextDecoder().decode(bytes);
          for (const [question, answer] of left) {
            if (!shown.includes(question)) continue;
            left.delete(question);
            terminal.write(answer);
          }
        },
      },
    });
    return { exited: child.exited.finally(() => child.terminal?.close()), shown: () => shown };
  }

  test("a password is asked for twice, and never shown", async () => {
    const typed = type(["user", "add", "anna", "--owner"], {
      "New password: ": `${PASSWORD}x\u007f\r`,
      "The same again: ": `${PASSWORD}\r`,
    });
    expect(await typed.exited).toBe(0);
    expect(typed.shown()).toContain("Added the account anna.");
    expect(typed.shown()).not.toContain("horse");
    const hash = snapshotOf(root).accounts.get("anna")?.password ?? "";
    expect(Bun.password.verifySync(PASSWORD, hash)).toBe(true);
  });

  test("Ctrl-C at the question changes nothing", async () => {
    const typed = type(["user", "add", "ben"], { "New password: ": "abc\u0003" });
    expect(await typed.exited).toBe(1);
    expect(typed.shown()).toContain("Nothing was changed.");
    expect(snapshotOf(root).accounts.has("ben")).toBe(false);
  });
});

test("commands at once, beside a server that writes too, are all saved, and the server sees them", async () => {
  await using server = await startAccessServer((database) => database.account("olga", {}, { owner: true }));
  const visitor = await Visitor.loggedIn(server.url, "olga");
  const names = ["a", "b", "c", "d"];
  const commands = names.map((name) => spawn("user", "invite", `by-command-${name}`, "--root", server.root));
  const invited = await Promise.all(
    names.map((name) => visitor.send("POST", "/api/accounts", { name: `by-page-${name}` })),
  );
  expect(invited.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
  expect(await Promise.all(commands.map(({ exited }) => exited))).toEqual([0, 0, 0, 0]);
  const { access } = server.app.decorator.services;
  await until("the server sees all accounts", () => access.snapshot.accounts.size === 9);
});

test.skipIf(notNobody !== null)(
  "a database of another user is refused with what to do about it",
  async () => {
    const own = await mkdtemp(join(tmpdir(), "sluice-other-"));
    try {
      new AccessDatabase(own).close();
      for (const path of [own, join(own, ".sluice")]) await chmod(path, 0o755);
      for (const argv of [
        ["user", "list"],
        ["quota", "/", "5GB"],
      ]) {
        await using command = spawnAs(NOBODY, ...argv, "--root", own);
        expect(await command.exited).toBe(1);
        expect(command.stderr).toContain(
          "access.db: the database cannot be opened. Check the owner of the file",
        );
      }
    } finally {
      await rm(own, { recursive: true });
    }
  },
);

test("a server does not start with a damaged database, and opens no door instead", async () => {
  const own = await mkdtemp(join(tmpdir(), "sluice-damaged-"));
  try {
    const database = new AccessDatabase(own);
    database.account("anna", {}, { owner: true });
    database.close();
    const bytes = await Bun.file(accessFile(own)).bytes();
    bytes.fill(0, 0, bytes.length / 2);
    await writeFile(accessFile(own), bytes);
    // Also with an address of other machines, for which the database is looked at before.
    for (const flags of [[], ["--host", "0.0.0.0"], ["--setup"]]) {
      await using server = spawn(own, "--port", "0", ...flags);
      expect(await server.exited).toBe(1);
      expect(server.stderr).toContain("access.db: the database is damaged. Restore a backup");
    }
  } finally {
    await rm(own, { recursive: true });
  }
});
