// Reads the errno of system errors, as node:fs, bun:sqlite and sockets report it.

/** The name of the errno, such as `ENOENT`; `undefined` for any other error. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Errnos of a call that the system denies, for lack of rights or because an entry is immutable. */
export const DENIED: ReadonlySet<string> = new Set(["EACCES", "EPERM"]);
