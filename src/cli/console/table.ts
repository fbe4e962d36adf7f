// Writes rows for people as aligned columns, and for other programs as values separated by tabs.

import { printable } from "../../plugins/log.ts";
import { painted } from "../../system/terminal.ts";
import type { Console } from "./console.ts";

/** The colours of cells that are one of these words. */
const COLOURS: ReadonlyMap<string, "green" | "yellow" | "red"> = new Map([
  ...["yes", "active", "open"].map((word) => [word, "green"] as const),
  ...["invited", "used", "expired"].map((word) => [word, "yellow"] as const),
  ...["no", "disabled", "revoked"].map((word) => [word, "red"] as const),
]);

/**
 * A table. On a terminal: aligned, with a bold head. In a pipe: one row a line, cells separated by tabs, no head.
 * @returns "" without rows
 */
export function table(
  { terminal }: Pick<Console, "terminal">,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const safe = rows.map((row) => row.map((cell) => printable(cell)));
  if (safe.length === 0) return "";
  if (!terminal.interactive) return safe.map((row) => `${row.join("\t")}\n`).join("");
  const widths = head.map((title, column) =>
    Math.max(...[title, ...safe.map((row) => row[column] ?? "")].map((cell) => Bun.stringWidth(cell))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - Bun.stringWidth(cell))))
      .join("  ")
      .trimEnd();
  const paint = (style: "bold" | "green" | "yellow" | "red", text: string): string =>
    painted(terminal, style, text);
  const coloured = safe.map((row) =>
    row.map((cell) => {
      const colour = COLOURS.get(cell);
      return colour ? paint(colour, cell) : cell;
    }),
  );
  return [paint("bold", line(head)), ...coloured.map(line)].map((text) => `${text}\n`).join("");
}

/** A moment to the minute, in UTC. */
export function formatMoment(milliseconds: number | null): string {
  return milliseconds === null ? "never" : `${new Date(milliseconds).toISOString().slice(0, 16)}Z`;
}

/** How a path below the root is shown: `/team/a`; the root is `/`. */
export function shownPath(path: string): string {
  return `/${path}`;
}
