// Reads the errno of system errors, as node:fs, bun:sqlite and sockets report it, and the message of any error.

/** The name of the errno, such as `ENOENT`; `undefined` for any other error. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** The message of an error, or the text of any other value that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Errnos of a call that the system denies, for lack of rights or because an entry is immutable. */
export const DENIED: ReadonlySet<string> = new Set(["EACCES", "EPERM"]);
