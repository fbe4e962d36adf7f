// Runs git in the repository, for tests.

import { join } from "node:path";

export const TOP = join(import.meta.dir, "../..");

/** The trimmed output of a command; empty if it fails. */
export function output(...command: string[]): string {
  const { exitCode, stdout } = Bun.spawnSync(command, { cwd: TOP, stdin: "ignore", stderr: "ignore" });
  return exitCode === 0 ? stdout.toString().trim() : "";
}

/** Why there is no git history, or null. An archive of the sources has none. */
export const noHistory =
  Bun.which("git") === null
    ? "no git on PATH"
    : output("git", "rev-parse", "HEAD") === ""
      ? "this is no clone that git reads"
      : null;
