// sluice token: secrets with which programs log in.

import { Command } from "commander";
import type { Secret } from "../../access/database/snapshot.ts";
import { isoTime } from "../../access/iso-time.ts";
import { digestOf, newId, newSecret, TOKEN_PREFIX } from "../../access/secrets.ts";
import { formatWords, type Words } from "../../access/words.ts";
import type { FolderPath } from "../../path.ts";
import { ROOT } from "../../path.ts";
import { quoted } from "../../suggest.ts";
import { expiryOf, lifetimeValue, pathIn, wordsIn } from "../console/arguments.ts";
import { WrongUse } from "../console/console.ts";
import { formatMoment, shownPath, table } from "../console/table.ts";
import type { Work } from "../console/work.ts";
import type { Run } from "./run.ts";

/** Seconds. */
const LIFETIME = 90 * 24 * 3600;
/** Characters. */
const LONGEST_NAME = 120;

interface AddFlags {
  for: string;
  allow?: string;
  expires?: number;
}

export function token(run: Run): Command {
  const command = new Command("token").description("Tokens: how programs log in");
  command
    .command("add <name>")
    .description("Make a token, which is shown once; the name says what it is for")
    .requiredOption("--for <account>", "The account that the token acts for")
    .option(
      "--allow <grant>",
      "Less than the account may: read=PATH, or read,write=PATH. Default: all that the account may do",
    )
    .option("--expires <time>", "When it ends, such as 30d, or never (default: 90d)", lifetimeValue)
    .action(run(add));
  command
    .command("list [account]")
    .description("List the tokens, of one account or of all")
    .action(run(list));
  command.command("revoke <id>").description("End a token, by its id or its name").action(run(revoke));
  return command;
}

function add(work: Work, text: string, flags: AddFlags): void {
  const name = text.normalize("NFC");
  if (name === "" || name.length > LONGEST_NAME)
    throw new WrongUse(`the name of a token has 1 to ${LONGEST_NAME} characters`);
  const account = work.account(flags.for);
  const scope = flags.allow === undefined ? null : scopeIn(work, flags.allow);
  const expires = expiryOf(flags.expires ?? LIFETIME);
  const secret = newSecret(TOKEN_PREFIX);
  const id = newId();
  work.change("addSecret", {
    digest: digestOf(secret),
    id,
    kind: "token",
    account: account.name,
    name,
    ...described(scope),
    expires,
  });
  const may = scope
    ? `${formatWords(scope.words)} at ${shownPath(scope.path)}`
    : "all that the account may do";
  work.printOnce(
    { id, name, account: account.name, token: secret, ...described(scope), expires: isoTime(expires) },
    secret,
    `This is the only time that the token is shown. It acts for ${account.name} (${may}), until ${formatMoment(expires)}.\nSend it as Authorization: Bearer …, or as the password of Basic under any name.\n`,
  );
}

/** `read,write=team/a`, or words alone for the root. */
function scopeIn(work: Work, text: string): { words: Words; path: FolderPath } {
  const at = text.indexOf("=");
  const words = wordsIn(at === -1 ? text : text.slice(0, at));
  if (words === 0) throw new WrongUse(`--allow ${quoted(text)}: such a token could do nothing`);
  return { words, path: at === -1 ? ROOT : pathIn(work, text.slice(at + 1)) };
}

function list(work: Work, account: string | undefined): void {
  if (account !== undefined) work.account(account);
  const tokens = tokensIn(work).filter((one) => account === undefined || one.account === account);
  const rows = tokens.map(({ id, name, account, words, path, expires }) => [
    id,
    name,
    account ?? "",
    words === null ? "everything" : `${formatWords(words)} at ${shownPath(path ?? ROOT)}`,
    expires !== null && expires < Date.now() ? "expired" : formatMoment(expires),
  ]);
  work.printList(
    tokens.map(shown),
    table(work.console, ["Id", "Name", "Account", "May", "Until"], rows),
    "sluice token add NAME --for ACCOUNT",
  );
}

function revoke(work: Work, text: string): void {
  const tokens = tokensIn(work);
  const [found, another] = tokens.filter(({ id, name }) => id === text || name === text);
  if (!found) {
    const known = tokens.flatMap(({ id, name }) => [id, name]);
    throw work.missing("token", text, known);
  }
  if (another)
    throw new WrongUse(`several tokens are called ${quoted(text)}; use the id (sluice token list)`);
  work.change("removeSecret", { id: found.id });
  work.print(shown(found), `Revoked the token ${found.id} (${found.name}) of ${found.account}.\n`);
}

function tokensIn(work: Work): Secret[] {
  return [...work.snapshot.secrets.values()].filter(({ kind }) => kind === "token");
}

/** Without its digest. */
function shown({ id, name, account, words, path, created, expires }: Secret) {
  const scope = words === null ? null : { words, path: path ?? ROOT };
  return { id, name, account, ...described(scope), created: isoTime(created), expires: isoTime(expires) };
}

function described(scope: { words: Words; path: string } | null) {
  return scope ? { words: formatWords(scope.words), path: scope.path } : { words: null, path: null };
}
