// The text of --help, written from the table of options.

import { styleText } from "node:util";
import { Help } from "commander";
import { FLAGS, shownDefault } from "../config/config.ts";
import { GROUPS, type Option } from "../config/option.ts";
import type { Terminal } from "../system/terminal.ts";

/** One line of the help: what is typed, its default, what it means. */
type Row = readonly [term: string, value: string, text: string];

const SUMMARY =
  "Sluice receives and serves large files: uploads stream to the disk in constant memory, and each one says where the time went.";

const EXAMPLES = [
  ["sluice", "serve ./files to this machine"],
  ["sluice ~/inbox --host 0.0.0.0 --allow write", "a drop box for the network"],
  ["sluice /srv/media -A --max-file-size 2TiB", "replace and delete, too"],
] as const;

const SOURCES =
  'Every flag is also a variable (SLUICE_MAX_FILE_SIZE=50GiB) and a key of sluice.toml (max-file-size = "50GiB"). A flag wins over a variable, a variable over the file.';

const DOCTOR_SUMMARY =
  "Says why it is slow, or will not work. On the server it measures the disk of ROOT, and looks at the machine and its network settings: at most 15 s. With a URL, run where uploads come from, it measures the way to that server and finds out what a proxy does to it: at most 60 s, 12 of them at full speed. It leaves nothing behind.";

const DOCTOR_EXAMPLES = [
  ["sluice doctor", "examine what `sluice` would use"],
  ["sluice doctor /srv/media --port 80", "what `sluice /srv/media --port 80` would use"],
  ["sluice doctor https://files.example.org", "examine the way there; user:password@ is a login"],
  ["sluice doctor --json", "for programs"],
] as const;

const DOCTOR_NOTES =
  "Every line begins with ✓ (well), ! (could be better) or ✗ (will not work). Exit codes: 0 no ✗, 1 some ✗, 2 wrong use.";

const TOP_SUMMARY =
  "Shows what is arriving at a server: how much of each upload is received and how much is saved, how fast it is, and what the limit is. q ends it. In a pipe it writes lines, of each upload one a second at most, and ends with the server.";

const TOP_EXAMPLES = [
  ["sluice top", "the server that `sluice` starts here"],
  ["sluice top --port 80", "the one that `sluice --port 80` starts"],
  ["sluice top https://files.example.org", "any other; user:password@ is a login"],
  ["sluice top --once", "one look"],
] as const;

const TOP_NOTES =
  "The server must allow read. Exit codes: 0 ended as asked, or with the server, 1 the server refuses or is not there, 2 wrong use.";

/** The flags that are no options: they are asked for, and the server does not start. */
export const ALWAYS: readonly Row[] = [
  ["-h, --help", "", "Show this text"],
  ["-V, --version", "", "Show the version"],
];

/** The help, 80 to 100 columns wide, with a line end. */
export function helpText(terminal: Terminal): string {
  const { width, paint, layout } = pageFor(terminal);
  const groups = GROUPS.map((name) => ({
    name,
    rows: FLAGS.filter(({ group }) => group === name).flatMap(rows),
  }));
  groups.at(-1)?.rows.push(...ALWAYS);
  const all = groups.flatMap((group) => group.rows);
  const termWidth = Math.max(...all.map(([term]) => term.length));
  const valueWidth = Math.max(...all.map(([, value]) => value.length));
  const heading = (name: string) =>
    `${paint("bold", `${name}:`)}${paint("dim", "Default".padStart(termWidth + 10 - name.length))}`;
  const line = ([term, value, text]: Row) => {
    const left = `${paint("cyan", term.padEnd(termWidth))}  ${paint("dim", value.padEnd(valueWidth))}`;
    return layout.formatItem(left, termWidth + 2 + valueWidth, text, layout);
  };

  const sections = [
    layout.boxWrap(SUMMARY, width),
    `${paint("bold", "Usage:")} sluice [serve] [ROOT] [flags]\n       sluice doctor [ROOT|URL] [flags]  (sluice doctor --help)\n       sluice top [URL]                  (sluice top --help)`,
    examples(EXAMPLES, paint),
    ...groups.map((group) => [heading(group.name), ...group.rows.map(line)].join("\n")),
    layout.boxWrap(SOURCES, width),
  ];
  return `${sections.join("\n\n")}\n`;
}

/** The help of `sluice doctor`, as wide, with a line end. */
export function doctorHelpText(terminal: Terminal): string {
  const { width, paint, layout } = pageFor(terminal);
  const sections = [
    layout.boxWrap(DOCTOR_SUMMARY, width),
    `${paint("bold", "Usage:")} sluice doctor [ROOT] [--json] [flags of serve]\n       sluice doctor URL [--json]`,
    examples(DOCTOR_EXAMPLES, paint),
    layout.boxWrap(DOCTOR_NOTES, width),
  ];
  return `${sections.join("\n\n")}\n`;
}

/** The help of `sluice top`, as wide, with a line end. */
export function topHelpText(terminal: Terminal): string {
  const { width, paint, layout } = pageFor(terminal);
  const sections = [
    layout.boxWrap(TOP_SUMMARY, width),
    `${paint("bold", "Usage:")} sluice top [URL] [--once]\n       sluice top [--once] [flags of serve]`,
    examples(TOP_EXAMPLES, paint),
    layout.boxWrap(TOP_NOTES, width),
  ];
  return `${sections.join("\n\n")}\n`;
}

type Paint = (style: "bold" | "cyan" | "dim", text: string) => string;

function pageFor({ columns, colours }: Terminal) {
  const layout = new Help();
  layout.helpWidth = Math.min(Math.max(columns, 80), 100);
  layout.minWidthToWrap = 0;
  const paint: Paint = (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text);
  return { width: layout.helpWidth, paint, layout };
}

function examples(all: readonly (readonly [command: string, text: string])[], paint: Paint): string {
  const width = Math.max(...all.map(([command]) => command.length));
  const lines = all.map(
    ([command, text]) => `  ${paint("cyan", command.padEnd(width))}  ${paint("dim", `# ${text}`)}`,
  );
  return [paint("bold", "Examples:"), ...lines].join("\n");
}

function rows(option: Option<unknown>): Row[] {
  const { name, short, shorthand, placeholder, positional } = option;
  const flag = `${short ? `${short}, ` : "    "}--${name} ${placeholder}`;
  const row: Row = [positional ? placeholder : flag, shownDefault(option), option.help];
  return shorthand ? [row, [shorthand.flag, "", `Short for --${name} ${shorthand.value}`]] : [row];
}
