// The commands of docs/permissions.md, and those of the README about accounts, work, and do what the pages say.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCommand } from "../../src/cli/cli.ts";
import { commandsOn } from "../support/manage.ts";
import { blocks } from "../support/pages.ts";

/** Each page, and a root of its own. */
const PAGES = {
  "README.md": { least: 5, ...commandsOn() },
  "docs/permissions.md": { least: 20, ...commandsOn() },
};
const PASSWORD = "a long horse";

let cwd = "";
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "sluice-docs-"));
  await Bun.write(join(PAGES["README.md"].root(), "team/film.mkv"), "film");
});
afterAll(() => rm(cwd, { recursive: true }));

/** Each command of a page, as its words. */
function commandsIn(page: string): string[][] {
  return blocks(page, "sh")
    .flatMap(({ text }) => text.split("\n"))
    .filter((line) => line.startsWith("sluice "))
    .map((line) => (line.split(" #")[0] ?? "").trim().split(/ +/).slice(1));
}

test.each(["README.md", "docs/permissions.md"] as const)("every command of %s works", async (page) => {
  const { run, least } = PAGES[page];
  const commands = commandsIn(page);
  expect(commands.length).toBeGreaterThanOrEqual(least);
  for (const argv of commands) {
    if (argv[0]?.startsWith("--")) {
      const terminal = { colours: false, columns: 80 };
      expect(await readCommand(argv, {}, terminal, cwd)).toMatchObject({ kind: "serve", setup: true });
      continue;
    }
    const ended = await run(argv, { answers: [PASSWORD, PASSWORD] });
    expect({ argv, ...ended }).toMatchObject({ code: 0 });
  }
});

test("a nearer rule takes away, and teams add", async () => {
  const may = async (path: string) => {
    const explained = await PAGES["docs/permissions.md"].json(["grant", "explain", "ben", path]);
    const { words }: { words: { word: string; may: boolean }[] } = Object(explained);
    return words.filter((one) => one.may).map(({ word }) => word);
  };
  expect(await may("team/plans/2026")).toEqual([]);
  expect(await may("team2")).toEqual(["list", "read"]);
  expect(await may("team/sales/x")).toEqual(["list", "read", "write"]);
});
