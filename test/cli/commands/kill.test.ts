// kill -9 at random moments of the commands: the database is whole, and holds what it held before the command or after it.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accessFile, openDatabase } from "../../../src/access/database/open.ts";
import { EMPTY_SNAPSHOT, readSnapshot } from "../../../src/access/database/snapshot.ts";
import { formatWords } from "../../../src/access/words.ts";
import { amount } from "../../support/switches.ts";
import { runSteps, STEPS } from "./writer.ts";

const ROUNDS = amount("COMMAND_KILLS", 6, 200);

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-kill-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function newFolder(): Promise<string> {
  const own = await mkdtemp(join(folder, "run-"));
  await mkdir(join(own, "files"));
  return own;
}

/** Everything in the database that does not differ from run to run, as text. */
function stateOf(own: string): string {
  const database = openDatabase(accessFile(join(own, "files")), { create: false });
  const { accounts, rules, secrets, links, quotas, closed } = database
    ? readSnapshot(database)
    : EMPTY_SNAPSHOT;
  const damage = database?.query("PRAGMA integrity_check").get() ?? { integrity_check: "ok" };
  database?.close();
  expect(damage).toEqual({ integrity_check: "ok" });
  return JSON.stringify({
    accounts: [...accounts.values()].map(({ name, owner, disabled, teams, password, rate }) => [
      ...[name, owner, disabled, teams, password !== null, rate],
    ]),
    rules: rules.map(({ subject, path, words }) => `${subject} ${path} ${formatWords(words)}`).toSorted(),
    secrets: [...secrets.values()]
      .map(({ kind, account, words }) => `${kind} ${account} ${words}`)
      .toSorted(),
    links: [...links.values()].map(({ path, serial, revoked }) => [path, serial, revoked]),
    quotas,
    closed,
  });
}

test(
  `after kill -9 at ${ROUNDS} random moments the database is whole, and each command is done or was never begun`,
  async () => {
    const reference = await newFolder();
    const states = [stateOf(reference)];
    await runSteps(reference, () => states.push(stateOf(reference)));
    expect(new Set(states).size).toBeGreaterThan(15);

    const reached = new Set<number>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const own = await newFolder();
      // Each round ends in another part of the steps, at a random moment after one of them.
      const after = Math.floor((round * STEPS.length) / ROUNDS);
      const child = Bun.spawn([process.execPath, join(import.meta.dir, "writer.ts"), own], {
        stdout: "pipe",
        stderr: "inherit",
      });
      let said = "";
      let killing: Promise<void> | undefined;
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
        said += text;
        if (Number(said.trimEnd().split("\n").at(-1)) >= after)
          killing ??= Bun.sleep(Math.random() * 40).then(() => child.kill("SIGKILL"));
      }
      await killing;
      await child.exited;
      const done = Number(said.slice(0, said.lastIndexOf("\n")).split("\n").at(-1));
      reached.add(done);
      expect([states[done], states[done + 1]]).toContain(stateOf(own));
      await rm(own, { recursive: true });
    }
    expect(reached.size).toBeGreaterThan(2);
  },
  ROUNDS * 5000,
);
