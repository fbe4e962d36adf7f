// Runs the command line in tests with its own environment and current folder.

import { afterAll, beforeAll, expect } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Invocation, readCommand } from "../../src/cli/cli.ts";
import type { Config } from "../../src/config/config.ts";

/** Command line arguments, as one string or as a list. */
type Arguments = string | readonly string[];
type Environment = Record<string, string>;

/** As the binary is started: a root that contains the current folder is no risk to it. */
const START = { source: undefined, bunArguments: [] };

/** Functions that run the command line. Call once at the top of a test file: it adds hooks that create and remove a folder. */
export function commandLine() {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-cli-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** Creates a folder, with a sluice.toml if given. */
  async function workingFolder(toml?: string): Promise<string> {
    const own = await mkdtemp(join(folder, "cwd-"));
    if (toml !== undefined) await Bun.write(join(own, "sluice.toml"), toml);
    return own;
  }

  async function run(argv: Arguments, env: Environment = {}, cwd = folder): Promise<Invocation> {
    const words = typeof argv === "string" ? argv.split(" ").filter((word) => word !== "") : argv;
    return readCommand(words, env, { colours: false, columns: 80 }, cwd, START);
  }

  /** The Config of a valid command line. */
  async function config(argv: Arguments, env?: Environment, cwd?: string): Promise<Config> {
    const invocation = await run(argv, env, cwd);
    if (invocation.kind !== "serve") throw new Error(JSON.stringify(invocation));
    return invocation.config;
  }

  /** The error message for an invalid command line, without the last line, which is always the same. */
  async function message(argv: Arguments, env?: Environment, cwd?: string): Promise<string> {
    const invocation = await run(argv, env, cwd);
    if (invocation.kind !== "wrong") throw new Error(`${argv} was accepted`);
    const lines = invocation.text.split("\n");
    expect(lines.splice(-2)).toEqual(["Run sluice --help for all commands and options.", ""]);
    expect(lines.filter((line) => !line.startsWith("sluice: "))).toEqual([]);
    return lines.map((line) => line.slice("sluice: ".length)).join("\n");
  }

  return { workingFolder, run, config, message };
}
