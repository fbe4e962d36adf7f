// Tells the operator about accounts that appear while the root is open for reading only.

import type { Access } from "./access.ts";

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
