// Checks the tracked files: no merge markers, no registry hosts, no local paths, and the README's commands.

import { describe, expect, test } from "bun:test";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import manifest from "../../package.json";
import { skipped } from "../support/switches.ts";
import { noHistory, output, TOP } from "./git.ts";

if (noHistory) skipped("the contents of the repository", noHistory, "run it in a clone");

/** The lines of tracked files that match a Perl regular expression, as `file:line:text`. */
const found = (expression: string): string[] =>
  output("git", "grep", "-nIP", "--untracked", "-e", expression).split("\n").filter(Boolean);

const quoted = (text: string): string => text.replace(/[^\w]/g, "\\$&");

describe.skipIf(noHistory !== null)("no file", () => {
  test("contains merge conflict markers", () => {
    expect(found("^(<<<<<<<|>>>>>>>) ")).toEqual([]);
  });

  test("names a package registry", () => {
    expect(found("registry\\.[a-z0-9-]+\\.[a-z]{2,}")).toEqual([]);
    const own = Bun.which("npm") === null ? "" : output("npm", "config", "get", "registry");
    const host = URL.canParse(own) ? new URL(own).host : "";
    if (host !== "") expect(found(quoted(host))).toEqual([]);
  });

  test("names a folder of this machine", () => {
    // LOCAL_PATHS names further folders, for example the source of the clone.
    const named = (process.env["LOCAL_PATHS"] ?? "").split(":").filter(Boolean);
    const folders = new Set([TOP, dirname(TOP), homedir(), ...named]);
    // Folders that exist on every machine are no local paths.
    for (const common of ["/", "/home", "/mnt", "/opt", "/srv", "/tmp", "/var/tmp", "/root"])
      folders.delete(common);
    for (const folder of folders) expect(found(`(?<![\\w.$}/-])${quoted(folder)}(?![\\w.-])`)).toEqual([]);
  });
});

test("the README names both ways to start and to test, each on a line of its own", async () => {
  const lines = (await Bun.file(join(TOP, "README.md")).text()).split("\n");
  const bun = `npx --yes bun@${manifest.devDependencies.bun}`;
  for (const command of ["bun run start", "bun run test", `${bun} run start`, `${bun} run test`])
    expect(lines).toContain(command);
});

test("test:large runs every file that has a larger form", async () => {
  const glob = new Bun.Glob("**/*.test.ts");
  for await (const file of glob.scan(join(TOP, "test"))) {
    if (file.includes("node_modules") || file === "repository/contents.test.ts") continue;
    const text = await Bun.file(join(TOP, "test", file)).text();
    if (!/\bamount\(|\("LARGE"\)/.test(text)) continue;
    // After the options of the command, of which the word "test" is in every name.
    const [, words = ""] = manifest.scripts["test:large"].split("--timeout 120000 ");
    expect({ file, named: words.split(" ").some((word) => file.includes(word)) }).toEqual({
      file,
      named: true,
    });
  }
});
