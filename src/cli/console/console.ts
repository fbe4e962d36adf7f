// The console of a command: where its text goes, where its answers come from, and the errors that end it.

import type { Terminal } from "../../system/terminal.ts";

/** The part of a process that a command uses. */
export interface Console {
  /** Standard output. */
  readonly terminal: Terminal & { /** Whether a person reads it. */ readonly interactive: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The current folder, absolute. */
  readonly folder: string;
  /** Writes to standard output. */
  out(text: string): void;
  /** Writes to standard error. */
  note(text: string): void;
  /** Standard input up to its first line break, at most `limit` bytes; undefined when a terminal is connected to it. */
  line(limit: number): Promise<string | undefined>;
  /** Asks on the terminal without showing the answer; undefined when the person gives up (Ctrl-C). */
  secret(question: string): Promise<string | undefined>;
}

/** The command cannot do what it was asked to. The message is a sentence for people. Exit code 1. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";
}

/** The command line is wrong. Exit code 2. */
export class WrongUse extends Error {
  override readonly name = "WrongUse";
}
