// The paragraph at the end of a report about a server: what is broken, what is not as well as it could be, what to expect.

import { formatRate } from "../../core/report/flow-report.ts";
import type { Finding, Group } from "../finding.ts";

export function serverSummary(groups: readonly Group[]): string {
  const findings = groups.flatMap((group) => group.findings);
  const named = (verdict: Finding["verdict"]) =>
    findings.filter((finding) => finding.verdict === verdict).map(({ name }) => name);
  return [broken(named("problem")), lesser(named("warning")), expected(findings)].filter(Boolean).join(" ");
}

function broken(names: readonly string[]): string {
  if (names.length === 0) return "Nothing is broken.";
  return `Sluice will not work as it is: see ${listed(names)} (✗).`;
}

function lesser(names: readonly string[]): string {
  return names.length === 0 ? "" : `Could be better: ${listed(names)} (!).`;
}

/** The lowest of the rates that bound one upload, in words. */
function expected(findings: readonly Finding[]): string {
  const figure = (check: string, name: string) =>
    findings.find((finding) => finding.check === check)?.figures?.[name];
  const disk = figure("write-speed", "bytesPerSecond");
  const window = figure("tcp-window-upload", "bytesPerSecondAt100ms");
  if (disk === undefined) return "";
  const far =
    window !== undefined && window < disk
      ? ` One stream from 100 ms away gets about ${formatRate(window)}, because of the window, not of the disk.`
      : "";
  return `The disk saves ${formatRate(disk)}: uploads slower than that are limited by something before it, such as the line, a proxy or the sender; \`sluice doctor URL\`, run where they come from, tells which.${far}`;
}

/** `A, B and C` */
function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
