// Figures: medians and ratios of repeated measurements, and the table they are shown in.

/** Repeated measurements of one thing in one unit, in order of the rounds. */
export type Samples = readonly number[];

/** One line of the report. */
export interface Figure {
  /** What was measured. */
  name: string;
  /** The measurement of Sluice, with its unit. */
  sluice: string;
  /** What it is measured against, by name. */
  beside?: string;
  /** Its measurement, with its unit. */
  other?: string;
  /** Sluice through the other, round by round. */
  ratio?: Samples;
  /** What is to be reached, as text, and whether it was. */
  reach?: { text: string; met: boolean };
}

/** The value below which `share` of the samples lie (nearest rank). NaN when there are none. */
export function quantile(samples: Samples, share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** The middle of the samples; of an even number the mean of the two in the middle. */
export function median(samples: Samples): number {
  const upper = [...samples].sort((a, b) => a - b).slice(Math.floor((samples.length - 1) / 2));
  return ((upper[0] ?? Number.NaN) + (upper[samples.length % 2 === 0 ? 1 : 0] ?? Number.NaN)) / 2;
}

/** `a / b`, round by round. */
export function ratios(a: Samples, b: Samples): number[] {
  return a.slice(0, b.length).map((value, round) => value / (b[round] ?? Number.NaN));
}

/** A bound a ratio's median has to keep. */
export function reach(
  ratio: Samples,
  bound: "≥" | "≤",
  value: number,
  aim = "",
): NonNullable<Figure["reach"]> {
  const middle = median(ratio);
  return { text: `${bound} ${value}${aim}`, met: bound === "≥" ? middle >= value : middle <= value };
}

/** The median of the samples with its unit, and the least and the greatest when there are several. */
export function spread(samples: Samples, digits: number, unit: string): string {
  const text = (value: number) => value.toFixed(digits);
  const range = samples.length > 1 ? ` (${text(Math.min(...samples))}–${text(Math.max(...samples))})` : "";
  return `${text(median(samples))}${unit && ` ${unit}`}${range}`;
}

/** Bytes as MiB, one digit. */
export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

const HEADINGS = ["figure", "Sluice", "beside", "", "ratio", "to reach", "reached"];

function cells(figure: Figure): string[] {
  return [
    figure.name,
    figure.sluice,
    figure.beside ?? "",
    figure.other ?? "",
    figure.ratio
      ? `**${median(figure.ratio).toFixed(2)}** (${figure.ratio.map((ratio) => ratio.toFixed(2)).join(" ")})`
      : "",
    figure.reach?.text ?? "",
    figure.reach ? (figure.reach.met ? "yes" : "**no**") : "",
  ];
}

/** The figures as a Markdown table with aligned columns, good to read in a terminal too. */
export function table(figures: readonly Figure[]): string {
  const rows = [HEADINGS, ...figures.map(cells)];
  const widths = HEADINGS.map((_, column) =>
    Math.max(3, ...rows.map((row) => Bun.stringWidth(row[column] ?? ""))),
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - Bun.stringWidth(cell))).join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}
