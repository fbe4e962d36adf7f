// The report of doctor as text and as JSON.

import { describe, expect, test } from "bun:test";
import { stripVTControlCharacters } from "node:util";
import { about, type Report, worst } from "../../src/doctor/finding.ts";
import { reportJson, reportText } from "../../src/doctor/report.ts";
import { serverSummary } from "../../src/doctor/server/summary.ts";
import { version } from "../../src/version.ts";

const groups = [
  {
    title: "Root",
    findings: [
      about("file-system", "File system").warning("tmpfs on /x", {
        reason: "In memory.",
        advice: "Use a disk.",
      }),
      about("write-speed", "Write speed").ok("80 MB/s", { figures: { bytesPerSecond: 8e7 } }),
    ],
  },
  {
    title: "Network",
    findings: [
      about("port", "Port").problem("taken", {
        advice: `Choose another, ${"which is a long story, ".repeat(8)}.`,
      }),
      about("tcp-window-upload", "Upload window").ok("1MB", { figures: { bytesPerSecondAt100ms: 1e7 } }),
    ],
  },
];
const report: Report = {
  subject: { root: "/x\x1b[2J" },
  seconds: 1.23,
  groups,
  summary: serverSummary(groups),
};

describe("as text", () => {
  const lines = reportText(report, { colours: false, columns: 80 }).split("\n");

  test("marks, names and values are aligned; reasons and advice follow below", () => {
    expect(lines.slice(0, 8)).toEqual([
      `Sluice ${version} examined /x\\u001b[2J in 1.2 s`,
      "",
      "Root",
      "  ! File system    tmpfs on /x",
      "                   In memory.",
      "                   → Use a disk.",
      "  ✓ Write speed    80 MB/s",
      "",
    ]);
    expect(lines).toContain("  ✗ Port           taken");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test("the summary names failures, warnings and what to expect", () => {
    expect(report.summary).toStartWith(
      "Sluice will not work with this configuration: see Port (✗). Could be better: File system (!). The disk saves 80 MB/s: ",
    );
    expect(report.summary).toEndWith(
      "One stream from 100 ms away gets about 10 MB/s, limited by the TCP window rather than the disk.",
    );
    expect(serverSummary([])).toBe("No problems found.");
  });

  test("the text is the same with and without colours", () => {
    const painted = reportText(report, { colours: true, columns: 80 });
    expect(painted).toContain("\x1b[31m✗\x1b[39m");
    expect(stripVTControlCharacters(painted)).toBe(lines.join("\n"));
  });
});

describe("as JSON", () => {
  test("one object contains all findings in one list", () => {
    const json = JSON.parse(reportJson(report));
    expect(json).toMatchObject({
      version,
      root: "/x\x1b[2J",
      seconds: 1.23,
      verdict: "problem",
      summary: report.summary,
    });
    expect(json.findings).toHaveLength(4);
    expect(json.findings[1]).toEqual({
      group: "root",
      check: "write-speed",
      name: "Write speed",
      verdict: "ok",
      value: "80 MB/s",
      figures: { bytesPerSecond: 8e7 },
    });
  });

  test("the verdict is the worst of all findings", () => {
    const { ok, warning } = about("x", "X");
    expect(worst([])).toBe("ok");
    expect(worst([ok(""), warning("")])).toBe("warning");
  });
});
