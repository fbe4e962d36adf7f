// The terminal that output goes to, as far as layout depends on it.

/** A destination of text: a terminal, or a pipe that gets plain text. */
export interface Terminal {
  /** Whether ANSI colours may be used. */
  readonly colours: boolean;
  /** Width in columns, 0 when unknown. */
  readonly columns: number;
}
