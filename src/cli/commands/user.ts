// sluice user: accounts, their teams, their invites and resets.

import { Command } from "commander";
import { nameFault } from "../../access/account-name.ts";
import type { ChangeArguments } from "../../access/database/changes/changes.ts";
import type { Account } from "../../access/database/snapshot.ts";
import { INVITE_LIFETIME, newInvite } from "../../access/invites.ts";
import { isoTime } from "../../access/iso-time.ts";
import { expiryOf, lifetimeValue, listValue, rateValue } from "../console/arguments.ts";
import { CommandFailed, WrongUse } from "../console/console.ts";
import { newPassword } from "../console/password.ts";
import { formatMoment, table } from "../console/table.ts";
import type { Work } from "../console/work.ts";
import type { Run } from "./run.ts";

interface NewFlags {
  owner?: boolean;
  team?: readonly string[];
  password?: string;
  expires?: number;
}

interface ChangeFlags {
  owner?: boolean;
  team?: readonly string[];
  teams?: boolean;
  rate?: number | false;
}

interface ResetFlags {
  password?: string;
  secondFactor?: boolean;
  expires?: number;
}

export function user(run: Run): Command {
  const command = new Command("user").description("Accounts: who may log in");
  const withExpiry = (one: Command): Command =>
    one.option("--expires <time>", "How long the link works, such as 3d (default: 3d)", lifetimeValue);

  command
    .command("add <name>")
    .description("Add an account with a password, which is asked for")
    .option("--owner", "May do everything, and manage accounts")
    .option("--team <team>", "A team of the account; may be repeated", listValue)
    .option("--password <->", "Read the password from standard input")
    .action(run(add));
  withExpiry(
    command
      .command("invite <name>")
      .description("Add an account, and make a link by which its person sets the password")
      .option("--owner", "May do everything, and manage accounts")
      .option("--team <team>", "A team of the account; may be repeated", listValue),
  ).action(run(invite));
  withExpiry(
    command
      .command("reset <name>")
      .description("Make a link by which a new password is set; the old one works until then")
      .option("--password <->", "Set the password at once, from standard input")
      .option("--second-factor", "Also remove the code of the authenticator app and all passkeys"),
  ).action(run(reset));
  command
    .command("change <name>")
    .description("Change the teams of an account, its cap, or whether it is an owner")
    .option("--owner", "Make it an owner, who may do everything")
    .option("--no-owner", "Make it no owner")
    .option("--team <team>", "The teams, instead of those it has; may be repeated", listValue)
    .option("--no-teams", "Leave all teams")
    .option(
      "--rate <rate>",
      "Its cap: bytes per second of all its uploads, and of all its downloads",
      rateValue,
    )
    .option("--no-rate", "No cap")
    .action(run(change));
  command
    .command("disable <name>")
    .description("Close an account: its sessions end, its tokens and links are refused")
    .action(run((work: Work, name: string) => setDisabled(work, name, true)));
  command
    .command("enable <name>")
    .description("Open an account again, with its tokens and links")
    .action(run((work: Work, name: string) => setDisabled(work, name, false)));
  command
    .command("remove <name>")
    .description("Remove an account with its grants, tokens and links; its files stay")
    .action(run(remove));
  command.command("list").description("List the accounts").action(run(list));
  return command;
}

async function add(work: Work, name: string, flags: NewFlags): Promise<void> {
  const account = newAccount(name, flags);
  // Before anybody is asked for a password.
  if (work.snapshot.accounts.has(account.name))
    throw new CommandFailed(`There is an account ${account.name} already.`);
  const password = await newPassword(work.console, flags.password, account.name);
  work.change("addAccount", { ...account, password });
  work.print(shown(work.account(account.name)), `Added the account ${account.name}.\n${whatNext(account)}`);
}

function invite(work: Work, name: string, flags: NewFlags): void {
  const account = newAccount(name, flags);
  const { secret, token } = newInvite(account.name, expiryOf(flags.expires ?? INVITE_LIFETIME));
  work.change("inviteAccount", { account, secret });
  printInvite(work, account.name, token, secret.expires, `Added the account ${account.name}.`);
}

async function reset(work: Work, name: string, flags: ResetFlags): Promise<void> {
  const account = work.account(name);
  const password =
    flags.password === undefined ? undefined : await newPassword(work.console, flags.password, account.name);
  const made = newInvite(account.name, expiryOf(flags.expires ?? INVITE_LIFETIME));
  const secondFactor = flags.secondFactor ?? false;
  if (password === undefined) work.change("resetAccount", { secret: made.secret, secondFactor });
  else
    work.together(() => {
      if (secondFactor) work.change("removeSecondFactor", { name: account.name });
      work.change("setPassword", { name: account.name, password });
    });
  const removed = secondFactor ? " Its second factor and its passkeys are removed." : "";
  if (password === undefined)
    printInvite(
      work,
      account.name,
      made.token,
      made.secret.expires,
      `A new password for ${account.name}.${removed}`,
    );
  else
    work.print(
      shown(work.account(account.name)),
      `${account.name} has a new password; its sessions and tokens have ended.${removed}\n`,
    );
}

function change(work: Work, given: string, { owner, team, teams, rate }: ChangeFlags): void {
  const { name } = work.account(given);
  if (owner === undefined && team === undefined && teams !== false && rate === undefined)
    throw new WrongUse("nothing to change; use --owner, --no-owner, --team, --no-teams, --rate or --no-rate");
  work.change("changeAccount", {
    name,
    ...(owner !== undefined && { owner }),
    ...((team !== undefined || teams === false) && { teams: teamsIn(team) }),
    ...(rate !== undefined && { rate: rate === false ? null : rate }),
  });
  work.print(shown(work.account(name)), `Changed the account ${name}.\n`);
}

function setDisabled(work: Work, given: string, disabled: boolean): void {
  const { name } = work.account(given);
  work.change("setDisabled", { name, disabled });
  work.print(
    shown(work.account(name)),
    disabled
      ? `${name} is disabled: its sessions have ended, and its tokens and links are refused.\n`
      : `${name} is enabled, with its tokens and links.\n`,
  );
}

function remove(work: Work, given: string): void {
  const account = work.account(given);
  work.change("removeAccount", { name: account.name });
  work.print(
    shown(account),
    `Removed the account ${account.name}, its grants, tokens and links. Its files stay.\n`,
  );
}

function list(work: Work): void {
  const accounts = [...work.snapshot.accounts.values()];
  const rows = accounts.map((account) => [
    account.name,
    account.owner ? "owner" : "",
    account.teams.map((team) => `@${team}`).join(" "),
    account.disabled ? "disabled" : account.password === null ? "invited" : "active",
    account.totp === null ? "" : "second factor",
    formatMoment(account.created),
  ]);
  const text = table(work.console, ["Name", "Role", "Teams", "State", "Login", "Added"], rows);
  work.printList(accounts.map(shown), text, "sluice user add NAME --owner");
}

/** Without the hash, and without the secret of the second factor. */
function shown({ name, owner, teams, disabled, password, totp, rate, created }: Account) {
  return {
    name,
    owner,
    teams,
    disabled,
    hasPassword: password !== null,
    secondFactor: totp !== null,
    rate,
    created: isoTime(created),
  };
}

function newAccount(
  text: string,
  { owner = false, team }: NewFlags,
): Omit<ChangeArguments<"addAccount">, "password"> {
  const name = text.normalize("NFC");
  const fault = nameFault(name);
  if (fault !== undefined) throw new WrongUse(`${fault} Choose another name for the account.`);
  return { name, owner, teams: teamsIn(team) };
}

/** Names of teams, with or without the `@`. */
function teamsIn(given: readonly string[] = []): string[] {
  const teams = [...new Set(given.map((team) => team.replace(/^@/, "").normalize("NFC")))];
  for (const team of teams) {
    const fault = nameFault(team);
    if (fault !== undefined) throw new WrongUse(`--team: ${fault}`);
  }
  return teams;
}

function whatNext({ name, owner }: { name: string; owner: boolean }): string {
  return owner ? "" : `It may do nothing yet. Next: sluice grant ${name} / read\n`;
}

function printInvite(work: Work, name: string, token: string, expires: number | null, said: string): void {
  const { site, hasSite } = work.settings;
  const url = `${site}/invite#${token}`;
  const guessed = hasSite
    ? ""
    : "The address is that of this machine: --url sets the one that browsers use.\n";
  work.printOnce(
    { name, url, expires: isoTime(expires) },
    url,
    `${said} Send this link to its person: it works once, until ${formatMoment(expires)}.\n${guessed}`,
  );
}
