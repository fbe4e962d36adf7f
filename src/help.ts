// The text of --help, written from the table of options.

import { styleText } from "node:util";
import { Help } from "commander";
import { FLAGS, shownDefault } from "./config.ts";
import { GROUPS, type Option } from "./option.ts";

/** Where the text is going. */
export interface Terminal {
  readonly colours: boolean;
  /** 0 when unknown. */
  readonly columns: number;
}

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

/** The flags that are no options: they are asked for, and the server does not start. */
export const ALWAYS: readonly Row[] = [
  ["-h, --help", "", "Show this text"],
  ["-V, --version", "", "Show the version"],
];

/** The help, 80 to 100 columns wide, with a line end. */
export function helpText(terminal: Terminal): string {
  const width = Math.min(Math.max(terminal.columns, 80), 100);
  const paint = (style: "bold" | "cyan" | "dim", text: string) =>
    terminal.colours ? styleText(style, text, { validateStream: false }) : text;

  const layout = new Help();
  layout.helpWidth = width;
  layout.minWidthToWrap = 0;

  const groups = GROUPS.map((name) => ({
    name,
    rows: FLAGS.filter(({ group }) => group === name).flatMap(rows),
  }));
  groups.at(-1)?.rows.push(...ALWAYS);
  const all = groups.flatMap((group) => group.rows);
  const termWidth = Math.max(...all.map(([term]) => term.length));
  const valueWidth = Math.max(...all.map(([, value]) => value.length));
  const commandWidth = Math.max(...EXAMPLES.map(([command]) => command.length));

  const heading = (name: string) =>
    `${paint("bold", `${name}:`)}${paint("dim", "Default".padStart(termWidth + 10 - name.length))}`;
  const line = ([term, value, text]: Row) => {
    const left = `${paint("cyan", term.padEnd(termWidth))}  ${paint("dim", value.padEnd(valueWidth))}`;
    return layout.formatItem(left, termWidth + 2 + valueWidth, text, layout);
  };
  const example = ([command, text]: readonly [string, string]) =>
    `  ${paint("cyan", command.padEnd(commandWidth))}  ${paint("dim", `# ${text}`)}`;

  const sections = [
    layout.boxWrap(SUMMARY, width),
    `${paint("bold", "Usage:")} sluice [serve] [ROOT] [flags]`,
    [paint("bold", "Examples:"), ...EXAMPLES.map(example)].join("\n"),
    ...groups.map((group) => [heading(group.name), ...group.rows.map(line)].join("\n")),
    layout.boxWrap(SOURCES, width),
  ];
  return `${sections.join("\n\n")}\n`;
}

function rows(option: Option<unknown>): Row[] {
  const { name, short, shorthand, placeholder, positional } = option;
  const flag = `${short ? `${short}, ` : "    "}--${name} ${placeholder}`;
  const row: Row = [positional ? placeholder : flag, shownDefault(option), option.help];
  return shorthand ? [row, [shorthand.flag, "", `Short for --${name} ${shorthand.value}`]] : [row];
}
