// The paragraph at the end of a report about a way to a server: how fast, what holds it back, what to change where.

import { formatRate } from "../../core/report/flow-report.ts";
import { milliseconds } from "../disk/findings.ts";
import type { Finding, Group } from "../finding.ts";
import { MORE, PLENTY } from "./upload-limit.ts";

export function urlSummary(groups: readonly Group[]): string {
  const findings = groups.flatMap((group) => group.findings);
  // What limits a stream is told with the speeds, and need not stand between.
  const faults = findings.filter(({ verdict, check }) => verdict !== "ok" && check !== "upload-limit");
  return [
    speeds(findings),
    faults.length === 0 ? "Nothing between here and the server stands in the way." : todo(faults),
  ]
    .filter(Boolean)
    .join(" ");
}

function speeds(findings: readonly Finding[]): string {
  const rate = (check: string) =>
    findings.find((finding) => finding.check === check)?.figures?.["bytesPerSecond"];
  const [one, four, down] = [rate("upload-1"), rate("upload-4"), rate("download-1")];
  if (one === undefined || four === undefined) return "";
  const far = findings.find(({ check }) => check === "round-trip")?.figures?.["median"] ?? 0;
  const plain = `From here files go up at ${formatRate(one)} with one stream and ${formatRate(four)} with four${down === undefined ? "" : `, and come down at ${formatRate(down)}`}.`;
  if (one >= PLENTY) return plain;
  const limit = findings.find(({ check }) => check === "upload-limit");
  // What the kernel saw is better than what can be guessed from speeds.
  if (limit?.verdict === "warning")
    return `${plain} What limits one stream is ${limit.value}. ${limit.advice ?? ""}`.trimEnd();
  if (four < MORE * one)
    return `${plain} More streams bring no more, so the line (or this machine, or the server's processor) is the limit; an upload slower than that waits for the server's disk: see its flow report, and \`sluice doctor\` there.`;
  const window = one * far;
  const why =
    far > 0.01
      ? `the round trip of ${milliseconds(far)} lets one stream have only about ${Math.max(1, Math.round(window / 1024))} KiB on its way`
      : "something on the way limits each connection";
  return `${plain} One stream does not fill the line: ${why}. Send several files at once, or one in parts (tus: parallelUploads 4).`;
}

function todo(faults: readonly Finding[]): string {
  const found = faults.map(({ name, value }) => `${name}: ${value}`).join("; ");
  return `What stands between: ${found}. ${changes(faults)}`;
}

/** The lines of all faults together, when it is known whose they are. */
function changes(faults: readonly Finding[]): string {
  const all = faults.flatMap(({ change }) => change ?? []);
  const [first] = all;
  if (first === undefined || all.some((change) => change.includes(" · ")))
    return "What to do stands at each line above (→).";
  const [proxy = ""] = first.split(": ", 1);
  const lines = [...new Set(all)]
    .map((change) => change.slice(proxy.length + 2))
    .map((line) => (line.endsWith(";") ? line : `${line}.`))
    .join(" ");
  const others = all.length < faults.length ? " What else to do stands above (→)." : "";
  return `Change in ${proxy}: ${lines}${others}`;
}
