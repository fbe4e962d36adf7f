// Runs git in the repository, for tests.

import { join } from "node:path";

export const TOP = join(import.meta.dir, "../..");

/** What a command printed, without the space around it; empty when it fails. */
export function output(...command: string[]): string {
  const { exitCode, stdout } = Bun.spawnSync(command, { cwd: TOP, stdin: "ignore", stderr: "ignore" });
  return exitCode === 0 ? stdout.toString().trim() : "";
}

/** Why git cannot be asked, or null: an archive of the sources has no history. */
export const noHistory =
  Bun.which("git") === null
    ? "no git on PATH"
    : output("git", "rev-parse", "HEAD") === ""
      ? "this is no clone that git reads"
      : null;
