// What an option is: its names, its kind of value, its default, and where the help shows it.

import type { Kind } from "./values.ts";

/** The headings of `--help`, in order. */
export const GROUPS = ["What is served", "Who may do what", "Limits", "Stopping and logs"] as const;

/** One option. Its variable is `SLUICE_` and the name in capitals, its key in sluice.toml is the name. */
export interface Option<T> extends Kind<T> {
  readonly name: string;
  /** A short flag that takes the same value. */
  readonly short?: string;
  /** A short flag without a value, and the value it stands for. */
  readonly shorthand?: { readonly flag: string; readonly value: string };
  /** What the value is called in the help. */
  readonly placeholder: string;
  /** Written as a person writes it; undefined when the option can be unset. */
  readonly default?: string;
  /** Takes several values: a repeated flag, an array in the file, or commas. */
  readonly list?: true;
  /** Given as an argument, not as a flag. */
  readonly positional?: true;
  readonly help: string;
  readonly group: (typeof GROUPS)[number];
}
