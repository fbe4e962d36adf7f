// Runs the command line in tests with its own environment and current folder.

import { afterAll, beforeAll, expect } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Invocation, readCommand } from "../../src/cli/cli.ts";
import type { Config } from "../../src/config/config.ts";

/** Words behind the program's name: in one text, or one by one. */
type Words = string | readonly string[];
type Environment = Record<string, string>;

/** Ways to run the command line. Once in a test file, at the top: it adds hooks that make and remove a folder. */
export function commandLine() {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-cli-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** A folder of its own with a sluice.toml, or without. */
  async function workingFolder(toml?: string): Promise<string> {
    const own = await mkdtemp(join(folder, "cwd-"));
    if (toml !== undefined) await Bun.write(join(own, "sluice.toml"), toml);
    return own;
  }

  async function run(argv: Words, env: Environment = {}, cwd = folder): Promise<Invocation> {
    const words = typeof argv === "string" ? argv.split(" ").filter((word) => word !== "") : argv;
    return readCommand(words, env, { colours: false, columns: 80 }, cwd);
  }

  /** The Config of a command line that is right. */
  async function config(argv: Words, env?: Environment, cwd?: string): Promise<Config> {
    const invocation = await run(argv, env, cwd);
    if (invocation.kind !== "serve") throw new Error(JSON.stringify(invocation));
    return invocation.config;
  }

  /** The error message for an invalid command line, without the last line, which is always the same. */
  async function message(argv: Words, env?: Environment, cwd?: string): Promise<string> {
    const invocation = await run(argv, env, cwd);
    if (invocation.kind !== "wrong") throw new Error(`${argv} is not wrong`);
    const lines = invocation.text.split("\n");
    expect(lines.splice(-2)).toEqual(["Run sluice --help for all commands and options.", ""]);
    expect(lines.filter((line) => !line.startsWith("sluice: "))).toEqual([]);
    return lines.map((line) => line.slice("sluice: ".length)).join("\n");
  }

  return { workingFolder, run, config, message };
}
