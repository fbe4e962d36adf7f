// Writes an import as commands of Sluice for a POSIX shell.

import { ROOT } from "../../path.ts";
import { passwordFaults } from "../passwords/rules.ts";
import { ANYONE } from "../rules.ts";
import { formatWords, wordsOf } from "../words.ts";
import type { Imported, ImportedAccount, ImportedRule } from "./model.ts";
import { printText, shellWord } from "./shell.ts";

/**
 * A script that can be read, changed and run: what the arguments meant, and a comment for what they meant beyond that.
 * @param program the other server
 */
export function script(imported: Imported, program: string): string {
  const { accounts, rules, findings, findingsOmitted, mounts, root, options } = imported;
  const more = findingsOmitted > 0 ? [comment(`… and ${findingsOmitted} more`)] : [];
  // With accounts, nobody else may do anything until it is granted. Without, the options must say what everyone may do.
  const everyone = rules.find(({ subject, path }) => subject === ANYONE && path === ROOT);
  const allow =
    accounts.length === 0 ? ["--allow", everyone ? formatWords(wordsOf(everyone.words)) : "none"] : [];
  const granted = accounts.length === 0 ? rules.filter((rule) => rule !== everyone) : rules;
  const managing = [...accounts.flatMap(accountCommands), ...granted.map(grantCommand)];
  const folder = root ?? "./files";
  const lines = [
    comment(
      `The same as the arguments of ${program}, for Sluice.${findings.length > 0 ? " Different or left out:" : ""}`,
    ),
    ...findings.map(({ about, detail }) => comment(`- ${about}: ${detail}`)),
    ...more,
    ...mounts.map(({ path, source }) =>
      comment(
        `- /${path}: was ${shellWord(source)}. Show it there: mount --bind ${shellWord(source)} ${shellWord(`${folder}/${path}`)}`,
      ),
    ),
    ...(managing.length === 0 ? [] : [`export SLUICE_ROOT=${shellWord(folder)}`]),
    ...managing,
    command("sluice", folder, ...options, ...allow),
  ];
  return `${lines.join("\n")}\n`;
}

function accountCommands({ name, owner, password }: ImportedAccount): string[] {
  const flags = owner ? ["--owner"] : [];
  if (password === undefined || "hash" in password)
    return [command("sluice", "user", "invite", name, ...flags)];
  const faults = passwordFaults(name, password.plain);
  if (faults.length > 0)
    return [
      comment(`The password of ${name} is not taken: ${faults.join(" ")}`),
      command("sluice", "user", "invite", name, ...flags),
    ];
  return [
    `${printText(password.plain)} | ${command("sluice", "user", "add", name, ...flags, "--password", "-")}`,
  ];
}

/** Subcommands of `sluice grant`, which a subject may be called like. */
const GRANT_COMMANDS = ["set", "list", "explain", "remove"];

/** The command that makes a rule. */
export function grantCommand({ subject, path, words }: ImportedRule): string {
  // A leading slash would make the path one on the disk if the root has the same beginning.
  const target = path === "" || path.startsWith("-") ? `/${path}` : path;
  const set = GRANT_COMMANDS.includes(subject) ? ["set"] : [];
  return command("sluice", "grant", ...set, subject, target, formatWords(wordsOf(words)));
}

export function command(...words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}

/** A line that a shell ignores: no character of the text can end it. */
function comment(text: string): string {
  const safe = text.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
  return `# ${safe}`;
}
