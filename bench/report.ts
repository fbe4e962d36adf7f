// Assembles the report of the benchmarks: a head about the machine and a section for each group.

/** One group's part of the report. */
export interface Section {
  title: string;
  /** The whole section, including its heading. */
  text: string;
}

/** The sections of an existing report. */
function sectionsOf(report: string): Section[] {
  const [, ...parts] = report.split(/^## /m);
  return parts.map((part) => ({ title: part.split("\n", 1)[0] ?? "", text: `## ${part.trim()}` }));
}

/**
 * Assembles the report from the new sections, and from the previous report for groups that were not measured.
 * @param titles of all groups, in order; a section with another title is left out
 */
export function assemble(
  head: string,
  sections: readonly Section[],
  before: string,
  titles: readonly string[],
): string {
  const known = [...sections, ...sectionsOf(before)];
  const texts = titles.flatMap((title) => known.find((section) => section.title === title)?.text ?? []);
  return `${[head.trim(), ...texts].join("\n\n")}\n`;
}
