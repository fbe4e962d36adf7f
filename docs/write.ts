// Writes the parts of the documentation that come from the code: `bun run docs`.

import { ALWAYS } from "../src/cli/help.ts";
import { flagWithValue, type Option } from "../src/config/option.ts";
import { FLAGS, shownDefault } from "../src/config/options.ts";
import { PROBLEMS } from "../src/errors.ts";

/** A part of a document: what stands between `<!-- name -->` and `<!-- /name -->`. */
export interface Section {
  /** From the top folder. */
  readonly file: string;
  readonly name: string;
  readonly text: () => string;
}

export const SECTIONS: readonly Section[] = [
  { file: "docs/configuration.md", name: "flags", text: flagsTable },
  { file: "docs/problems.md", name: "problems", text: problemsList },
];

/** The table of flags, in the order of `--help`. */
export function flagsTable(): string {
  const rows = [...FLAGS.map(flagRow), ...ALWAYS.map(([term, , text]) => [code(term), "", "", text])];
  return [["Flag", "Default", "Allowed", "Meaning"], ["---", "---", "---", "---"], ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** Every problem under a heading that is its code, so that links reach it by the code. */
export function problemsList(): string {
  return Object.entries(PROBLEMS)
    .map(([code, { status, title, help }]) => `\n## ${code}\n\n**${status} · ${title}.** ${help}\n`)
    .join("");
}

/** The document with the section's text between its markers. Throws an Error when they are missing. */
export function fill(document: string, { file, name, text }: Section): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [document.indexOf(open), document.indexOf(close)];
  if (from < 0 || to < from) throw new Error(`${file} has no ${open} … ${close}`);
  return `${document.slice(0, from + open.length)}\n${text()}\n${document.slice(to)}`;
}

function flagRow(option: Option<unknown>): string[] {
  const { short, shorthand, placeholder, positional, allowed, help } = option;
  const flag = positional ? placeholder : `${short ? `${short}, ` : ""}${flagWithValue(option)}`;
  const also = shorthand ? `, ${code(shorthand.flag)} for ${code(shorthand.value)}` : "";
  const value = option.default ? code(option.default) : shownDefault(option);
  return [code(flag) + also, value, escaped(allowed), escaped(help)];
}

function code(text: string): string {
  return `\`${text}\``;
}

function escaped(text: string): string {
  return text.replace(/[*|<]/g, "\\$&");
}

if (import.meta.main) {
  for (const section of SECTIONS) {
    const file = Bun.file(new URL(`../${section.file}`, import.meta.url));
    await file.write(fill(await file.text(), section));
  }
}
