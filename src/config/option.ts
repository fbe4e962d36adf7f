// Defines an option: its names, its kind of value, its default and its place in the help.

import type { Kind } from "./values.ts";

/** The headings of `--help`, in order. */
export const GROUPS = [
  "What is served",
  "How it is reached",
  "TLS and certificates",
  "Who may do what",
  "Limits",
  "Stopping and logs",
] as const;

/** One option. Its variable is `SLUICE_` plus the upper-case name; its key in sluice.toml is the name. */
export interface Option<T> extends Kind<T> {
  readonly name: string;
  /** A short flag that takes the same value. */
  readonly short?: string;
  /** A short flag without a value, and the value it sets. */
  readonly shorthand?: { readonly flag: string; readonly value: string };
  /** The flag has no value and stands for this one; the variable and the key have it. */
  readonly bare?: string;
  /** The name of the value in the help; `""` with `bare`. */
  readonly placeholder: string;
  /** As a user would write it; undefined when the option may be unset. */
  readonly default?: string;
  /** Accepts several values: a repeated flag, an array in the file, or a comma-separated text. */
  readonly list?: true;
  /** An argument rather than a flag. */
  readonly positional?: true;
  readonly help: string;
  readonly group: (typeof GROUPS)[number];
}

/** `--port PORT` */
export function flagWithValue({ name, placeholder }: Pick<Option<unknown>, "name" | "placeholder">): string {
  return `--${name} ${placeholder}`.trimEnd();
}

/** Reads the options that were given, and the defaults of the others. */
export interface GivenValues {
  value<T>(option: Option<T>): T;
  isGiven(option: Option<unknown>): boolean;
}
