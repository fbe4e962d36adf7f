// The contract of a record log: an append-only list of short lines that survives a restart.

/** Every method throws a `Problem` and nothing else. */
export interface RecordLog {
  /** The lines so far, oldest first. After a crash the last one may be incomplete. */
  read(): Promise<string[]>;

  /** Adds a line, which must not contain a line break. It survives a power cut once the promise resolves. */
  append(line: string): Promise<void>;

  /** Replaces all lines in one step. */
  replace(lines: readonly string[]): Promise<void>;
}
