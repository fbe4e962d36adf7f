// The terminal that output goes to, as far as layout depends on it: its width and its colours.

import { type InspectColor, styleText } from "node:util";

/** A destination of text: a terminal, or a pipe that gets plain text. */
export interface Terminal {
  /** Whether ANSI colours may be used. */
  readonly colours: boolean;
  /** Width in columns, 0 when unknown. */
  readonly columns: number;
}

/** The columns for running text: 80 to 100. */
export function textWidth({ columns }: Pick<Terminal, "columns">): number {
  return Math.min(Math.max(columns, 80), 100);
}

/** The text in a style, if there are colours. */
export function painted({ colours }: Pick<Terminal, "colours">, style: InspectColor, text: string): string {
  return colours ? styleText(style, text, { validateStream: false }) : text;
}
