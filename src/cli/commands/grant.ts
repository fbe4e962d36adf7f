// sluice grant: the permissions of accounts, teams and anyone at folders.

import { Command } from "commander";
import { Access } from "../../access/access.ts";
import type { Asker } from "../../access/asker.ts";
import { ANYONE } from "../../access/rules.ts";
import { formatWords, has, listWords, type Words } from "../../access/words.ts";
import { WORDS } from "../../config/config.ts";
import type { FolderPath } from "../../path.ts";
import { pathIn, wordsIn } from "../console/arguments.ts";
import { CommandFailed } from "../console/console.ts";
import { shownPath, table } from "../console/table.ts";
import type { Work } from "../console/work.ts";
import type { Run } from "./run.ts";

/** At most 80 columns wide, like all help. */
const RULES = `
A rule gives a subject words at a path and below it:
  subject  an account, @team, or anyone
  path     a folder or file below the root; / is the root
  words    ${WORDS.join(", ")},
           separated by commas; all; or none

For each subject the nearest rule counts, and replaces those above. The words of
an account, of its teams and of anyone add up.

Examples:
  sluice grant anna / read            # Anna may read everything,
  sluice grant anna team/plans none   # except this folder
  sluice grant @sales team read,write
  sluice grant anyone pub read        # without a login`;

export function grant(run: Run): Command {
  const command = new Command("grant")
    .description("Permissions: who may do what in which folder")
    .addHelpText("after", RULES);
  command
    .command("set <subject> <path> <words>", { isDefault: true })
    .description("Set the rule of a subject at a path: its words there and below; `set` may be left out")
    .addHelpText("after", RULES)
    .action(run(set));
  command.command("list [subject]").description("List the rules, of one subject or of all").action(run(list));
  command
    .command("explain <name> <path>")
    .description("Show which rule decides each permission of an account (or team, or anyone) at a path")
    .action(run(explain));
  command
    .command("remove <subject> <path>")
    .description("Remove a rule, so that the one above it counts again")
    .action(run(remove));
  return command;
}

function set(work: Work, subject: string, pathText: string, wordsText: string): void {
  const rule = { subject: subject.normalize("NFC"), path: pathIn(work, pathText), words: wordsIn(wordsText) };
  requireSubject(work, rule.subject);
  work.change("setGrant", rule);
  work.print(
    shown(rule),
    rule.words === 0
      ? `${rule.subject} may do nothing at ${shownPath(rule.path)} and below it.\n`
      : `${rule.subject} may ${listWords(rule.words).join(", ")} at ${shownPath(rule.path)} and below it.\n`,
  );
}

function list(work: Work, subject: string | undefined): void {
  if (subject !== undefined) requireSubject(work, subject);
  const rules = work.snapshot.rules
    .filter((rule) => subject === undefined || rule.subject === subject)
    .toSorted((one, other) => order(`${one.path}\0${one.subject}`, `${other.path}\0${other.subject}`));
  const rows = rules.map(({ subject, path, words }) => [subject, shownPath(path), formatWords(words)]);
  work.printList(
    rules.map(shown),
    table(work.console, ["Subject", "Path", "May"], rows),
    "sluice grant SUBJECT PATH WORDS",
  );
}

function remove(work: Work, subject: string, pathText: string): void {
  const path = pathIn(work, pathText);
  const { rules } = work.snapshot;
  const rule = rules.find((one) => one.subject === subject && one.path === path);
  if (!rule) {
    const own = rules.filter((one) => one.subject === subject).map((one) => shownPath(one.path));
    throw new CommandFailed(
      `${subject} has no rule at ${shownPath(path)}; ${own.length === 0 ? "it has no rules at all" : `its rules are at ${own.join(", ")}`}.`,
    );
  }
  work.change("setGrant", { subject, path, words: null });
  work.print(shown(rule), `Removed the rule of ${subject} at ${shownPath(path)}.\n`);
}

function explain(work: Work, name: string, pathText: string): void {
  const path = pathIn(work, pathText);
  const { file, allow } = work.settings;
  const access = Access.open({ file, allow });
  try {
    const asker = askerNamed(work, access, name);
    const rules = asker.subjects.map((subject) => ({ subject, rule: access.rules.nearest(subject, path) }));
    const words = WORDS.map((word) => ({ word, may: asker.can(word, path) }));
    const cell = (words: Words, word: (typeof WORDS)[number], at: FolderPath) =>
      `${has(words, word) ? "yes" : "no"}, by the rule at ${shownPath(at)}`;
    const rows = words.map(({ word, may }) => [
      word,
      may ? "yes" : "no",
      ...rules.map(({ rule }) => (rule ? cell(rule.words, word, rule.path) : "no rule")),
    ]);
    const disabled = work.snapshot.accounts.get(name)?.disabled ?? false;
    const notes = [
      asker.owner ? `${name} is an owner, who may do everything: no rule counts.\n` : "",
      disabled ? `${name} is disabled: it may do nothing until \`sluice user enable ${name}\`.\n` : "",
      allow ? "" : "A server started with --allow adds those permissions for anyone.\n",
    ];
    work.print(
      {
        name,
        path,
        owner: asker.owner,
        disabled,
        words: words.map(({ word, may }) => ({
          word,
          may: may && !disabled,
          rules: rules.map(({ subject, rule }) => ({
            subject,
            rule: rule && { path: rule.path, words: formatWords(rule.words), gives: has(rule.words, word) },
          })),
        })),
      },
      `${table(work.console, ["Word", "May", ...asker.subjects], rows)}${work.console.terminal.interactive ? notes.join("") : ""}`,
    );
  } finally {
    access.close();
  }
}

/** The asker as which a subject acts, whether or not the account is disabled. */
function askerNamed(work: Work, access: Access, name: string): Asker {
  if (name === ANYONE) return access.anyone;
  if (name.startsWith("@")) {
    requireSubject(work, name);
    const account = { ...work.account(membersOf(work, name)[0] ?? ""), owner: false, name, teams: [] };
    return access.asAccount(account, "password");
  }
  return access.asAccount(work.account(name), "password");
}

function membersOf(work: Work, team: string): string[] {
  return [...work.snapshot.accounts.values()]
    .filter(({ teams }) => teams.includes(team.slice(1)))
    .map(({ name }) => name);
}

/** @throws CommandFailed that names the nearest subject */
function requireSubject(work: Work, subject: string): void {
  if (subject === ANYONE) return;
  const { accounts, rules } = work.snapshot;
  const teams = [...accounts.values()].flatMap((account) => account.teams.map((team) => `@${team}`));
  const known = [...accounts.keys(), ...new Set(teams)];
  // A rule of a team that has lost its members can still be looked at.
  if (known.includes(subject) || rules.some((rule) => rule.subject === subject)) return;
  throw work.missing(subject.startsWith("@") ? "team" : "account", subject, [...known, ANYONE]);
}

function shown({ subject, path, words }: { subject: string; path: string; words: Words }) {
  return { subject, path, words: formatWords(words) };
}

function order(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
