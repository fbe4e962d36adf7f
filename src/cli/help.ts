// Builds the text of --help from the table of options.

import { Help } from "commander";
import { flagWithValue, GROUPS, type Option } from "../config/option.ts";
import { FLAGS, shownDefault } from "../config/options.ts";
import { painted, type Terminal, textWidth } from "../system/terminal.ts";
import { describedCommands } from "./commands/commands.ts";

/** One line of the help: the flag, its default, its description. */
type Row = readonly [term: string, value: string, text: string];

const SUMMARY =
  "Sluice receives and serves large files: uploads stream to the disk in constant memory, and each reports where its time went.";

const EXAMPLES = [
  ["sluice", "serve ./files to this machine"],
  ["sluice ~/inbox --host 0.0.0.0 --allow write", "a drop box for the network"],
  ["sluice /srv/media -A --max-file-size 2TiB", "also allow replace and delete"],
] as const;

const SOURCES =
  'Every flag is also a variable (SLUICE_MAX_FILE_SIZE=50GiB) and a key of sluice.toml (max-file-size = "50GiB"). A flag overrides a variable, and a variable overrides the file.';

/** The commands that this file describes; the others describe themselves. */
const COMMANDS = [
  { name: "serve", description: "Serve a folder; the word may be left out" },
  { name: "doctor", description: "Find out why uploads are slow or do not work" },
  { name: "top", description: "Watch the running uploads of a server" },
] as const;

const COMMAND_NOTES =
  "Each has a help of its own: sluice user --help. Those on accounts work also while a server runs, and find its root as it does: --root, SLUICE_ROOT, sluice.toml, ./files.";

const DOCTOR_SUMMARY =
  "Finds out why uploads are slow or do not work. On the server, it measures the disk of ROOT and checks the machine and its network settings in at most 15 s. With a URL, run on a client, it measures the network path to that server and finds out what a proxy does to uploads. That takes at most 60 s, 12 of them at full speed. It leaves nothing behind.";

const DOCTOR_EXAMPLES = [
  ["sluice doctor", "check the setup of `sluice`"],
  ["sluice doctor /srv/media --port 80", "that of `sluice /srv/media --port 80`"],
  ["sluice doctor https://files.example.org", "check the path; user:password@ is a login"],
  ["sluice doctor --json", "JSON output for programs"],
] as const;

const DOCTOR_NOTES =
  "Every line begins with ✓ (good), ! (could be better) or ✗ (does not work). Exit codes: 0 no ✗, 1 at least one ✗, 2 invalid use. A login is sent only to a certificate that this machine trusts, unless --insecure is given.";

const TOP_SUMMARY =
  "Shows the running uploads of a server: how much of each is received and saved, how fast it is, and what limits it. Press q to quit. In a pipe it writes at most one line a second for each upload, and ends when the server does.";

const TOP_EXAMPLES = [
  ["sluice top", "the server started by `sluice`"],
  ["sluice top --port 80", "the server started by `sluice --port 80`"],
  ["sluice top https://files.example.org", "any server; user:password@ is a login"],
  ["sluice top --once", "print one snapshot"],
] as const;

const TOP_NOTES =
  "It needs the grant list. Exit codes: 0 stopped by the user or the server ended, 1 refused or not reached, 2 invalid use.";

/** Prints a link and starts the server. */
const SETUP: Row = [
  "    --setup",
  "",
  "Print a link by which the first owner sets a password; until then nobody may do anything",
];

const PRINTING: readonly Row[] = [
  ["-h, --help", "", "Show this text"],
  ["-V, --version", "", "Show the version"],
];

/** Flags that are not options: they have no variable and no key. */
export const ALWAYS: readonly Row[] = [SETUP, ...PRINTING];

/** The help, 80 to 100 columns wide, ending with a newline. */
export function helpText(terminal: Terminal): string {
  const { width, paint, layout } = pageFor(terminal);
  const groups = GROUPS.map((name) => ({
    name,
    rows: FLAGS.filter(({ group }) => group === name).flatMap(rows),
  }));
  groups.find(({ name }) => name === "Who may do what")?.rows.push(SETUP);
  groups.at(-1)?.rows.push(...PRINTING);
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
    commands(paint, layout),
    ...groups.map((group) => [heading(group.name), ...group.rows.map(line)].join("\n")),
    layout.boxWrap(SOURCES, width),
  ];
  return `${sections.join("\n\n")}\n`;
}

/** The help of `sluice doctor`, formatted like {@link helpText}. */
export function doctorHelpText(terminal: Terminal): string {
  const { width, paint, layout } = pageFor(terminal);
  const sections = [
    layout.boxWrap(DOCTOR_SUMMARY, width),
    `${paint("bold", "Usage:")} sluice doctor [ROOT] [--json] [flags of serve]\n       sluice doctor URL [--json] [--insecure]`,
    examples(DOCTOR_EXAMPLES, paint),
    layout.boxWrap(DOCTOR_NOTES, width),
  ];
  return `${sections.join("\n\n")}\n`;
}

/** The help of `sluice top`, formatted like {@link helpText}. */
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

function pageFor(terminal: Terminal) {
  const layout = new Help();
  layout.helpWidth = textWidth(terminal);
  layout.minWidthToWrap = 0;
  const paint: Paint = (style, text) => painted(terminal, style, text);
  return { width: layout.helpWidth, paint, layout };
}

function examples(all: readonly (readonly [command: string, text: string])[], paint: Paint): string {
  const width = Math.max(...all.map(([command]) => command.length));
  const lines = all.map(
    ([command, text]) => `  ${paint("cyan", command.padEnd(width))}  ${paint("dim", `# ${text}`)}`,
  );
  return [paint("bold", "Examples:"), ...lines].join("\n");
}

function commands(paint: Paint, layout: Help): string {
  const groups = [{ purpose: "Running a server", commands: COMMANDS }, ...describedCommands()];
  const names = groups.flatMap((group) => group.commands.map(({ name }) => name));
  const width = Math.max(...names.map((name) => name.length)) + 2;
  const lines = groups.flatMap(({ purpose, commands }) => [
    paint("bold", `${purpose}:`),
    ...commands.map(({ name, description }) =>
      layout.formatItem(paint("cyan", name.padEnd(width - 2)), width, description, layout),
    ),
    "",
  ]);
  return [...lines, layout.boxWrap(COMMAND_NOTES, layout.helpWidth ?? 80)].join("\n");
}

function rows(option: Option<unknown>): Row[] {
  const { name, short, shorthand, placeholder, positional } = option;
  const flag = `${short ? `${short}, ` : "    "}${flagWithValue(option)}`;
  const row: Row = [positional ? placeholder : flag, shownDefault(option), option.help];
  return shorthand ? [row, [shorthand.flag, "", `Short for --${name} ${shorthand.value}`]] : [row];
}
