// sluice audit: shows the audit log, and follows it.

import { dirname, join } from "node:path";
import { Command } from "commander";
import { type AuditEntry, readAudit } from "../../access/audit/audit-log.ts";
import { printable } from "../../plugins/log.ts";
import { painted } from "../../system/terminal.ts";
import { countValue } from "../console/arguments.ts";
import type { Console } from "../console/console.ts";
import { shownPath } from "../console/table.ts";
import type { Work } from "../console/work.ts";
import type { Run } from "./run.ts";

/** Lines that are shown. */
const LAST = 50;
/** Milliseconds between two looks at the file. */
const INTERVAL = 500;

interface AuditFlags {
  follow?: boolean;
  last?: number;
}

export function audit(run: Run): Command {
  return new Command("audit")
    .description("Show who did what: changes, downloads, logins and refusals")
    .option("-f, --follow", "Go on with new lines until Ctrl-C")
    .option("--last <count>", `How many lines to begin with (default: ${LAST})`, countValue)
    .action(run(show));
}

async function show(work: Work, { follow, last = LAST }: AuditFlags): Promise<void> {
  const { console, json } = work;
  const file = join(dirname(work.settings.file), "audit.jsonl");
  const print = ({ line, entry }: { line: string; entry: AuditEntry }): void =>
    console.out(json ? `${line}\n` : `${textOf(console, entry)}\n`);
  let { lines, position } = await readAudit(file, null);
  if (lines.length === 0 && !json)
    console.note(
      `Nothing is logged in the root ${work.settings.named} yet: the audit log begins with the first account.\n`,
    );
  for (const one of lines.slice(-last)) print(one);
  while (follow) {
    await Bun.sleep(INTERVAL);
    ({ lines, position } = await readAudit(file, position));
    for (const one of lines) print(one);
  }
}

function textOf({ terminal }: Console, entry: AuditEntry): string {
  const { time, who, via, address, did, path, to, result, omitted } = entry;
  const good = result === "ok" ? "green" : "red";
  const shown = painted(terminal, good, result);
  // A refusal has the path of its URL.
  const asIs = path?.startsWith("/") === true || did.startsWith("logged");
  const where = path === null ? "" : ` ${printable(asIs ? path : shownPath(path))}`;
  const target = to === undefined ? "" : ` to ${printable(shownPath(to))}`;
  const by = `${printable(who ?? "anyone")} (${via}${address === null ? "" : `, ${printable(address)}`})`;
  const more = omitted === undefined ? "" : `, after ${omitted} refusals that have no line`;
  return `${time.slice(0, 19)}Z  ${shown}  ${by}  ${did}${where}${target}${more}`;
}
