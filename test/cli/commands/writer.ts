// A program for kill.test.ts: runs the commands of STEPS one after the other on a root, and says when each has ended.

import { runCommand } from "../../../src/cli/commands/commands.ts";
import type { Console } from "../../../src/cli/console/console.ts";

/** Every command that writes, once at least. `outputs`: what the commands before have printed. */
export const STEPS: readonly ((outputs: readonly string[]) => readonly string[])[] = [
  () => ["user", "invite", "anna", "--owner"],
  () => ["user", "add", "ben", "--team", "ops", "--password", "-"],
  () => ["grant", "ben", "/", "read,write"],
  () => ["grant", "anyone", "pub", "read"],
  () => ["grant", "@ops", "team", "all"],
  () => ["token", "add", "ci", "--for", "ben", "--allow", "read=team"],
  () => ["quota", "team", "5GB"],
  () => ["link", "/", "--for", "anna", "--json"],
  (outputs) => ["link", "renew", idIn(outputs[7]), "--json"],
  (outputs) => ["link", "revoke", idIn(outputs[7])],
  () => ["grant", "ben", "secret", "none"],
  () => ["grant", "remove", "anyone", "pub"],
  () => ["token", "revoke", "ci"],
  () => ["user", "change", "ben", "--no-teams", "--rate", "5MB"],
  () => ["user", "reset", "ben", "--second-factor"],
  () => ["user", "disable", "ben"],
  () => ["user", "enable", "ben"],
  () => ["quota", "remove", "team"],
  () => ["user", "remove", "ben"],
];

function idIn(output = "{}"): string {
  const { id }: { id: string } = JSON.parse(output);
  return id;
}

/** Runs the steps in a folder that contains the root `files`. @param ended is told of each */
export async function runSteps(folder: string, ended: (step: number) => void): Promise<void> {
  const outputs: string[] = [];
  for (const [index, step] of STEPS.entries()) {
    let out = "";
    let notes = "";
    const console: Console = {
      terminal: { interactive: false, colours: false, columns: 80 },
      env: {},
      folder,
      out: (text) => {
        out += text;
      },
      note: (text) => {
        notes += text;
      },
      line: async () => "a long horse",
      secret: async () => undefined,
    };
    const argv = step(outputs);
    if ((await runCommand(argv, console)) !== 0) throw new Error(`${argv.join(" ")}: ${notes}`);
    outputs.push(out);
    ended(index + 1);
  }
}

const [folder] = process.argv.slice(2);
if (import.meta.main && folder !== undefined) {
  process.stdout.write("0\n");
  await runSteps(folder, (step) => process.stdout.write(`${step}\n`));
}
