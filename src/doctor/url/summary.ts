// The closing paragraph of a URL report: speeds, what limits them, and the settings to change.

import { formatBytes, formatRate } from "../../units.ts";
import { milliseconds } from "../disk/findings.ts";
import type { Finding, Group } from "../finding.ts";
import { FAST, GAIN } from "./upload-limit.ts";

export function urlSummary(groups: readonly Group[]): string {
  const findings = groups.flatMap((group) => group.findings);
  // The limit of one stream is reported with the speeds.
  const faults = findings.filter(({ verdict, check }) => verdict !== "ok" && check !== "upload-limit");
  return [
    speeds(findings),
    faults.length === 0 ? "No fault was found between this machine and the server." : todo(faults),
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
  const plain = `From this machine, uploads reach ${formatRate(one)} with one stream and ${formatRate(four)} with four${down === undefined ? "" : `; downloads reach ${formatRate(down)}`}.`;
  if (one >= FAST) return plain;
  const limit = findings.find(({ check }) => check === "upload-limit");
  // The kernel's statistics are more reliable than a guess from the speeds.
  if (limit?.verdict === "warning")
    return `${plain} The limit of one stream is ${limit.value}. ${limit.advice ?? ""}`.trimEnd();
  if (four < GAIN * one)
    return `${plain} More streams are not faster, so the limit is the line, this machine, or the server's processor. If uploads are slower than this, they wait for the server's disk: read their flow report, and run \`sluice doctor\` on the server.`;
  const window = one * far;
  const why =
    far > 0.01
      ? `at a round trip of ${milliseconds(far)}, one stream has only about ${formatBytes(Number(window.toPrecision(2)))} in flight`
      : "something on the path limits each connection";
  return `${plain} One stream does not fill the line: ${why}. Upload several files concurrently, or one file in parts (tus: parallelUploads 4).`;
}

function todo(faults: readonly Finding[]): string {
  const found = faults.map(({ name, value }) => `${name}: ${value}`).join("; ");
  return `Found on the path: ${found}. ${changes(faults)}`;
}

/** The settings that fix all faults, when the proxy is known. */
function changes(faults: readonly Finding[]): string {
  const all = faults.flatMap(({ change }) => change ?? []);
  const [first] = all;
  if (first === undefined || all.some((change) => change.includes(" · ")))
    return "Each line above says what to do (→).";
  const [proxy = ""] = first.split(": ", 1);
  const lines = [...new Set(all)]
    .map((change) => change.slice(proxy.length + 2))
    .map((line) => (line.endsWith(";") ? line : `${line}.`))
    .join(" ");
  const others = all.length < faults.length ? " For the other lines, see above (→)." : "";
  return `Change in ${proxy}: ${lines}${others}`;
}
