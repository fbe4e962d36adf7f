// sluice link: links to files and folders, and drops, for people without an account.

import { lstatSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { renderUnicodeCompact } from "uqr";
import { Access } from "../../access/access.ts";
import type { Account, Link } from "../../access/database/snapshot.ts";
import { isoTime } from "../../access/iso-time.ts";
import { stateOfLink } from "../../access/links/link-state.ts";
import { urlOfLink } from "../../access/links/token.ts";
import { newId } from "../../access/secrets.ts";
import type { FolderPath } from "../../path.ts";
import { quoted } from "../../suggest.ts";
import { formatBytes, formatCount, formatRate } from "../../units.ts";
import { countValue, expiryOf, lifetimeValue, pathIn, rateValue, sizeValue } from "../console/arguments.ts";
import { CommandFailed, WrongUse } from "../console/console.ts";
import { newPassword } from "../console/password.ts";
import { formatMoment, shownPath, table } from "../console/table.ts";
import type { Work } from "../console/work.ts";
import type { Run } from "./run.ts";

/** Seconds. */
const LIFETIME = 7 * 24 * 3600;
/** Characters. */
const LONGEST_NOTE = 2000;

interface AddFlags {
  drop?: boolean;
  password?: string;
  expires?: number;
  downloads?: number;
  maxBytes?: number;
  maxFiles?: number;
  largest?: number;
  rate?: number;
  note?: string;
  askName?: boolean;
  for?: string;
}

/** Flags that mean something for drops only. */
const DROP_FLAGS = ["maxBytes", "maxFiles", "largest", "askName"] as const;

export function link(run: Run): Command {
  const command = new Command("link").description("Links: files and folders for people without an account");
  command
    .command("add <path>", { isDefault: true })
    .description("Make a link to a file or a folder, or a drop; `add` may be left out")
    .option("--drop", "A drop: files can be sent into the folder, and nothing in it can be seen")
    .option("--password <->", "Ask visitors for a password; it is read from standard input, or asked for")
    .option("--expires <time>", "How long it works, such as 30d, or never (default: 7d)", lifetimeValue)
    .option("--downloads <count>", "How many downloads it allows", countValue)
    .option("--max-bytes <size>", "Drop: how much can be sent in all", sizeValue)
    .option("--max-files <count>", "Drop: how many files can be sent in all", countValue)
    .option("--largest <size>", "Drop: the largest file", sizeValue)
    .option("--rate <rate>", "Its cap: bytes per second of all its visitors together", rateValue)
    .option("--note <text>", "A text that visitors see")
    .option("--ask-name", "Drop: ask visitors for their name")
    .option("--for <account>", "The account whose permissions the link has (default: the only owner)")
    .action(run(add));
  command.command("list [account]").description("List the links, of one account or of all").action(run(list));
  command
    .command("revoke <id>")
    .description("Close a link for good; what runs is cut within a second")
    .action(run(revoke));
  command
    .command("renew <id>")
    .description("Give a link a new URL; the old one stops working")
    .action(run(renew));
  return command;
}

async function add(work: Work, text: string, flags: AddFlags): Promise<void> {
  const path = pathIn(work, text);
  const account = accountFor(work, flags.for);
  const kind = kindOf(work, path, flags);
  requirePermission(work, account, path, kind);
  if ((flags.note ?? "").length > LONGEST_NOTE)
    throw new WrongUse(`--note: the text is longer than ${LONGEST_NOTE} characters`);
  const password = flags.password === undefined ? null : await newPassword(work.console, flags.password, "");
  const id = newId();
  work.change("addLink", {
    id,
    account: account.name,
    path,
    kind,
    password,
    note: flags.note ?? "",
    expires: expiryOf(flags.expires ?? LIFETIME),
    downloadsLeft: flags.downloads ?? null,
    bytesLeft: flags.maxBytes ?? null,
    filesLeft: flags.maxFiles ?? null,
    largest: flags.largest ?? null,
    rate: flags.rate ?? null,
    askName: flags.askName ?? false,
  });
  printLink(work, id, kind === "drop" ? "Files can be sent" : "It can be opened");
}

function list(work: Work, account: string | undefined): void {
  if (account !== undefined) work.account(account);
  const links = [...work.snapshot.links.values()].filter(
    (one) => account === undefined || one.account === account,
  );
  const rows = links.map((one) => [
    one.id,
    one.kind,
    shownPath(one.path),
    one.account,
    stateOfLink(one, Date.now()),
    limitsOf(one).join(", "),
    stateOfLink(one, Date.now()) === "open" ? urlOf(work, one) : "",
  ]);
  work.printList(
    links.map((one) => shown(work, one)),
    table(work.console, ["Id", "Kind", "Path", "Account", "State", "Limits", "URL"], rows),
    "sluice link PATH",
  );
}

function revoke(work: Work, id: string): void {
  const found = linkCalled(work, id);
  work.change("revokeLink", { id });
  work.print(shown(work, linkCalled(work, id)), `Closed the link ${id} to ${shownPath(found.path)}.\n`);
}

function renew(work: Work, id: string): void {
  linkCalled(work, id);
  work.change("renewLink", { id });
  printLink(work, id, "The old URL is dead. The new one works");
}

/** Prints the URL alone on standard output; on a terminal with a QR code. */
function printLink(work: Work, id: string, what: string): void {
  const made = linkCalled(work, id);
  const url = urlOf(work, made);
  const { interactive } = work.console.terminal;
  const code = interactive ? `\n${renderUnicodeCompact(url, { border: 2 })}\n\n` : "";
  const guessed = work.settings.hasSite
    ? ""
    : "The address is that of this machine: --url sets the one that browsers use.\n";
  const limits = limitsOf(made);
  const more = limits.length > 0 ? ` (${limits.join(", ")})` : "";
  work.printOnce(
    shown(work, made),
    `${url}${code.trimEnd()}`,
    `${what} until ${formatMoment(made.expires)}${more}, with the permissions of ${made.account}.\n${guessed}`,
  );
}

function linkCalled(work: Work, id: string): Link {
  const { links } = work.snapshot;
  const found = links.get(id);
  if (found) return found;
  throw work.missing("link", id, [...links.keys()]);
}

/** @throws WrongUse when there is not exactly one owner to choose */
function accountFor(work: Work, name: string | undefined): Account {
  if (name !== undefined) return work.account(name);
  const owners = [...work.snapshot.accounts.values()].filter(({ owner, disabled }) => owner && !disabled);
  const [only, another] = owners;
  if (only && !another) return only;
  const named = owners.map((owner) => owner.name).join(", ");
  throw new WrongUse(
    `a link has the permissions of an account; add --for ACCOUNT${named ? ` (owners: ${named})` : ""}`,
  );
}

/** @throws CommandFailed when nothing is there; WrongUse for flags that do not fit */
function kindOf(work: Work, path: FolderPath, flags: AddFlags): Link["kind"] {
  const found = lstatSync(join(work.settings.root, path), { throwIfNoEntry: false });
  if (!found || !(found.isFile() || found.isDirectory()))
    throw new CommandFailed(
      `There is no file or folder ${quoted(shownPath(path))} in the root ${work.settings.named}.`,
    );
  if (flags.drop) {
    if (!found.isDirectory()) throw new WrongUse("--drop: files can be sent into a folder only");
    if (flags.downloads !== undefined)
      throw new WrongUse("--downloads: nothing can be downloaded from a drop");
    return "drop";
  }
  const wrong = DROP_FLAGS.find((flag) => flags[flag] !== undefined);
  if (wrong !== undefined)
    throw new WrongUse(`--${wrong.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} needs --drop`);
  return found.isDirectory() ? "folder" : "file";
}

/** A link gives no more than its account may do: without it nobody could use the link. @throws CommandFailed */
function requirePermission(work: Work, account: Account, path: FolderPath, kind: Link["kind"]): void {
  const { file, allow } = work.settings;
  const access = Access.open({ file, allow });
  const word = kind === "drop" ? "write" : "read";
  const may = access.asAccount(account, "password").can(word, path);
  access.close();
  if (!may)
    throw new CommandFailed(
      `${account.name} has no permission to ${word} at ${shownPath(path)}, so the link would open nothing. See sluice grant explain ${account.name} ${shownPath(path)}`,
    );
}

function urlOf(work: Work, one: Link): string {
  return work.settings.site + urlOfLink(work.snapshot.linkKey, one);
}

function limitsOf(one: Link): string[] {
  const limits = [
    one.password !== null && "password",
    one.downloadsLeft !== null && `${formatCount(one.downloadsLeft, "download")} left`,
    one.bytesLeft !== null && `${formatBytes(one.bytesLeft)} left`,
    one.filesLeft !== null && `${formatCount(one.filesLeft, "file")} left`,
    one.largest !== null && `files up to ${formatBytes(one.largest)}`,
    one.rate !== null && formatRate(one.rate),
  ];
  return limits.filter((limit) => limit !== false);
}

/** Without the hash of its password. */
function shown(work: Work, one: Link) {
  const { password, created, expires, revoked, ...rest } = one;
  return {
    ...rest,
    url: urlOf(work, one),
    state: stateOfLink(one, Date.now()),
    hasPassword: password !== null,
    created: isoTime(created),
    expires: isoTime(expires),
  };
}
