// The closing paragraph of a server report: problems, warnings, and the expected upload rate.

import { formatRate } from "../../units.ts";
import type { Finding, Group } from "../finding.ts";

export function serverSummary(groups: readonly Group[]): string {
  const findings = groups.flatMap((group) => group.findings);
  const named = (verdict: Finding["verdict"]) =>
    findings.filter((finding) => finding.verdict === verdict).map(({ name }) => name);
  return [broken(named("problem")), lesser(named("warning")), expected(findings)].filter(Boolean).join(" ");
}

function broken(names: readonly string[]): string {
  if (names.length === 0) return "No problems found.";
  return `Sluice will not work with this configuration: see ${listed(names)} (✗).`;
}

function lesser(names: readonly string[]): string {
  return names.length === 0 ? "" : `Could be better: ${listed(names)} (!).`;
}

/** A sentence about the lowest rate that limits one upload. */
function expected(findings: readonly Finding[]): string {
  const figure = (check: string, name: string) =>
    findings.find((finding) => finding.check === check)?.figures?.[name];
  const disk = figure("write-speed", "bytesPerSecond");
  const window = figure("tcp-window-upload", "bytesPerSecondAt100ms");
  if (disk === undefined) return "";
  const far =
    window !== undefined && window < disk
      ? ` One stream from 100 ms away gets about ${formatRate(window)}, limited by the TCP window rather than the disk.`
      : "";
  return `The disk saves ${formatRate(disk)}: slower uploads are limited by something else, such as the line, a proxy or the sender; run \`sluice doctor URL\` at the sender to find out which.${far}`;
}

/** `A, B and C` */
function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
