// Formats the report: aligned and coloured text for people, JSON for programs.

import { Help } from "commander";
import { printable } from "../plugins/log.ts";
import { painted, type Terminal, textWidth } from "../system/terminal.ts";
import { version } from "../version.ts";
import { type Report, type Verdict, worst } from "./finding.ts";

const MARKS = { ok: "✓", warning: "!", problem: "✗" } as const satisfies Record<Verdict, string>;
const COLOURS = { ok: "green", warning: "yellow", problem: "red" } as const satisfies Record<Verdict, string>;

/** The report as lines of at most 100 columns, ending with a newline. */
export function reportText({ subject, seconds, groups, summary }: Report, terminal: Terminal): string {
  const width = textWidth(terminal);
  const paint = (style: "bold" | "dim" | "green" | "yellow" | "red", text: string) =>
    painted(terminal, style, text);
  const layout = new Help();
  layout.helpWidth = width;
  layout.minWidthToWrap = 0;

  const findings = groups.flatMap((group) => group.findings);
  const nameWidth = Math.max(0, ...findings.map(({ name }) => name.length));
  const indent = " ".repeat(nameWidth + 6);
  const wrapped = (text: string): string[] => layout.boxWrap(text, width - indent.length).split("\n");
  const sections = groups.map(({ title, findings }) => {
    const lines = findings.flatMap(({ name, verdict, value, reason = "", advice = "", change = "" }) => {
      const [first = "", ...rest] = wrapped(value);
      return [
        `  ${paint(COLOURS[verdict], MARKS[verdict])} ${name.padEnd(nameWidth)}  ${paint("bold", first)}`,
        ...rest.map((line) => indent + paint("bold", line)),
        ...(reason ? wrapped(reason).map((line) => indent + paint("dim", line)) : []),
        ...[change, advice]
          .filter(Boolean)
          .flatMap((what) => wrapped(`→ ${what}`).map((line) => indent + line)),
      ];
    });
    return [paint("bold", title), ...lines].join("\n");
  });
  const what = "root" in subject ? subject.root : subject.url;
  const heading = `Sluice ${version} examined ${printable(what, 300)} in ${seconds.toFixed(1)} s`;
  return `${[heading, ...sections, layout.boxWrap(summary, width)].join("\n\n")}\n`;
}

/** The report as one JSON object, described in docs/doctor.md. */
export function reportJson({ subject, seconds, groups, summary }: Report): string {
  const findings = groups.flatMap(({ title, findings }) =>
    findings.map((finding) => ({ group: title.toLowerCase(), ...finding })),
  );
  const verdict = worst(findings);
  const report = { version, ...subject, seconds: Number(seconds.toFixed(3)), verdict, summary, findings };
  return `${JSON.stringify(report, null, 2)}\n`;
}
