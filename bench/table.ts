// Figures: medians and ratios of repeated measurements, and the table they are shown in.

/** Repeated measurements of one quantity in one unit, in the order of the rounds. */
export type Samples = readonly number[];

/** One line of the report. */
export interface Figure {
  /** The measured quantity. */
  name: string;
  /** The value for Sluice, with its unit. */
  sluice: string;
  /** The name of what Sluice is compared with. */
  versus?: string;
  /** The value for that, with its unit. */
  other?: string;
  /** Sluice divided by the other, for each round. */
  ratio?: Samples;
  /** The target as text, and whether it was met. */
  target?: { text: string; met: boolean };
}

/** The value below which `share` of the samples lie (nearest rank). NaN when there are none. */
export function quantile(samples: Samples, share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** The median: for an even number of samples, the mean of the middle two. */
export function median(samples: Samples): number {
  const upper = [...samples].sort((a, b) => a - b).slice(Math.floor((samples.length - 1) / 2));
  return ((upper[0] ?? Number.NaN) + (upper[samples.length % 2 === 0 ? 1 : 0] ?? Number.NaN)) / 2;
}

/** `a / b` for each round. */
export function ratios(a: Samples, b: Samples): number[] {
  return a.slice(0, b.length).map((value, round) => value / (b[round] ?? Number.NaN));
}

/** A target for the median of ratios. */
export function target(
  ratio: Samples,
  bound: "≥" | "≤",
  value: number,
  aim = "",
): NonNullable<Figure["target"]> {
  const middle = median(ratio);
  return { text: `${bound} ${value}${aim}`, met: bound === "≥" ? middle >= value : middle <= value };
}

/** The median of the samples with its unit, followed by minimum and maximum if there are several. */
export function spread(samples: Samples, digits: number, unit: string): string {
  const text = (value: number) => value.toFixed(digits);
  const range = samples.length > 1 ? ` (${text(Math.min(...samples))}–${text(Math.max(...samples))})` : "";
  return `${text(median(samples))}${unit && ` ${unit}`}${range}`;
}

/** Bytes as MiB with one decimal place. */
export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

const HEADINGS = ["figure", "Sluice", "compared with", "", "ratio", "target", "met"];

function cells(figure: Figure): string[] {
  return [
    figure.name,
    figure.sluice,
    figure.versus ?? "",
    figure.other ?? "",
    figure.ratio
      ? `**${median(figure.ratio).toFixed(2)}** (${figure.ratio.map((ratio) => ratio.toFixed(2)).join(" ")})`
      : "",
    figure.target?.text ?? "",
    figure.target ? (figure.target.met ? "yes" : "**no**") : "",
  ];
}

/** The figures as a Markdown table with aligned columns, so that it is also readable in a terminal. */
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
