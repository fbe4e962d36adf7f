// Servers whose first account appears while they run: what anyone may do before, and a root that was opened only to be read.

import type { Config } from "../config/config.ts";
import type { Access } from "./access.ts";

/**
 * The value of `--allow`. Without it, a server that is to have accounts allows nothing until it has one: its database may
 * be missing only because a disk is not mounted. Undefined for the default.
 * @param isSetUp whether the first owner is made over HTTP
 */
export function allowBeforeAccounts(
  { allow, access, loginHeader, oidcIssuer }: Pick<Config, "allow" | "access" | "loginHeader" | "oidcIssuer">,
  isSetUp: boolean,
): Config["allow"] {
  const wanted = isSetUp || [access, loginHeader, oidcIssuer].some((option) => option !== undefined);
  return allow ?? (wanted ? new Set() : undefined);
}

/** Tells the operator once that the first accounts cannot change anything in a root that was opened only to be read. */
export function warnOfAccounts(access: Access, warn: (message: string) => void): void {
  const stop = access.onChange(() => {
    if (!access.mayChange) return;
    stop();
    warn(
      "There are accounts now, but the root was opened for reading only, as --allow gave nobody more: restart the server so that they can change files.",
    );
  });
}
