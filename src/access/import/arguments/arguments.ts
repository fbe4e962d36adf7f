// Reads the arguments of another server's command line.

import { parseArgs } from "node:util";
import { ImportError } from "../model.ts";

/** A flag that was given, in the order of the command line. */
export interface GivenFlag {
  /** Without dashes. */
  name: string;
  /** Empty for a flag without a value. */
  value: string;
}

export interface ParsedArguments {
  /** Flags of the syntax; a value is present if and only if the flag takes one. */
  known: GivenFlag[];
  unknown: GivenFlag[];
  words: string[];
}

/** Flags by name: whether they take a value, and their short form. */
export type Syntax = Readonly<Record<string, { value: boolean; short?: string }>>;

/**
 * @param strayValues whether a word after an unknown flag is its value, because the program takes no other words
 * @throws ImportError when a flag that takes a value has none
 */
export function readArguments(
  argv: readonly string[],
  syntax: Syntax,
  strayValues: boolean,
): ParsedArguments {
  const options = Object.fromEntries(
    Object.entries(syntax).map(([name, { value, short }]) => [
      name,
      { type: value ? ("string" as const) : ("boolean" as const), ...(short && { short }), multiple: true },
    ]),
  );
  const { tokens } = parseArgs({
    args: [...argv],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const parsed: ParsedArguments = { known: [], unknown: [], words: [] };
  let unknown: GivenFlag | undefined;
  for (const token of tokens) {
    const before = unknown;
    unknown = undefined;
    if (token.kind === "positional") {
      if (strayValues && before?.value === "") before.value = token.value;
      else parsed.words.push(token.value);
    } else if (token.kind === "option") {
      const flag = { name: token.name, value: flagValue(token) };
      const known = Object.hasOwn(syntax, token.name) ? syntax[token.name] : undefined;
      if (known?.value && token.value === undefined) throw new ImportError(`${token.rawName} needs a value.`);
      if (known) parsed.known.push(flag);
      else {
        unknown = flag;
        parsed.unknown.push(flag);
      }
    }
  }
  return parsed;
}

/** `-a=b` means `-a b` to most parsers, and `=b` to this one. */
function flagValue({
  rawName,
  value = "",
  inlineValue,
}: {
  rawName: string;
  value?: string | undefined;
  inlineValue?: boolean | undefined;
}): string {
  return inlineValue === true && !rawName.startsWith("--") ? value.replace(/^=/, "") : value;
}
