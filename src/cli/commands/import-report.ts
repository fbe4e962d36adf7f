// Formats what an import did: tables for people, JSON for programs. Neither contains a hash or a password.

import { Help } from "commander";
import type { Finding } from "../../access/import/model.ts";
import type { ImportResult, SavedLink } from "../../access/import/save-import.ts";
import { formatWords, wordsOf } from "../../access/words.ts";
import { printable } from "../../plugins/log.ts";
import { type Terminal, textWidth } from "../../system/terminal.ts";
import { formatCount } from "../../units.ts";
import type { Console } from "../console/console.ts";
import { shownPath, table } from "../console/table.ts";

export interface ImportReport {
  /** The file that was read, and the database that was written, as messages name them. */
  file: string;
  database: string;
  /** The command that listens where the other server did. */
  start: string;
  result: ImportResult;
  /** The URL of a new link. */
  urlOf: (link: SavedLink) => string;
}

/** The report as text, 80 to 100 columns wide, ending with a newline. */
export function importText(
  { file, database, start, result, urlOf }: ImportReport,
  console: Pick<Console, "terminal">,
): string {
  const { accounts, rules, links, findings, findingsOmitted } = result;
  const rulesOf = Map.groupBy(rules, ({ subject }) => subject);
  const accountRows = accounts.flatMap(({ name, owner, password }) => {
    const texts = (rulesOf.get(name) ?? []).map(
      ({ path, words }) => `${shownPath(path)} ${formatWords(wordsOf(words))}`,
    );
    const [first = "no rules", ...more] = texts;
    const head = [name, owner ? "owner" : "", password ? "taken" : "needs an invite", first];
    return [head, ...more.map((text) => [name, "", "", text])];
  });
  const linkRows = links.map((link) => [link.name, link.account, shownPath(link.path), urlOf(link)]);
  const sections = [
    `Imported ${printable(file)} into ${printable(database)}: ${formatCount(accounts.length, "account")}, ${formatCount(rules.length, "rule")}, ${formatCount(links.length, "link")}.\n`,
    table(console, ["Account", "Role", "Password", "Rules"], accountRows),
    table(console, ["Old link", "Account", "Path", "New URL"], linkRows),
    findings.length === 0 ? "" : `Left out or different:\n${findingLines(findings, console.terminal)}`,
    findingsOmitted === 0 ? "" : `… and ${findingsOmitted} more.\n`,
    `Start it where it was before: ${start}\n`,
  ];
  return sections.filter((section) => section !== "").join("\n");
}

/** The findings, each below the thing that it is about. */
function findingLines(findings: readonly Finding[], terminal: Terminal): string {
  const width = textWidth(terminal);
  const layout = new Help();
  layout.helpWidth = width;
  layout.minWidthToWrap = 0;
  const lines = findings.flatMap(({ about, detail }, index) => {
    // A command stays on one line, so that it can be copied.
    const [text = "", ...commands] = detail.split(/(?<=:) (?=sluice )/);
    const wrapped = [
      ...layout.boxWrap(text, width - 4).split("\n"),
      ...commands.map((command) => `  ${command}`),
    ];
    return [
      ...(findings[index - 1]?.about === about ? [] : [`  ${about}`]),
      ...wrapped.map((line) => `    ${line}`),
    ];
  });
  return lines.map((line) => `${line}\n`).join("");
}

/** The report as one JSON object. */
export function importJson({ file, database, start, result, urlOf }: ImportReport): string {
  const { accounts, rules, links, findings, findingsOmitted } = result;
  const report = {
    file,
    database,
    accounts: accounts.map(({ name, owner, password }) => ({
      name,
      owner,
      password: password !== undefined,
    })),
    rules: rules.map(({ subject, path, words }) => ({ subject, path, words: formatWords(wordsOf(words)) })),
    links: links.map((link) => ({ ...link, url: urlOf(link) })),
    findings,
    findingsOmitted,
    start,
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}
