// Checks a path of another server's configuration.

import { posix } from "node:path";
import { Problem } from "../../errors.ts";
import { checkFolderPath, type FolderPath } from "../../path.ts";

/**
 * The folder, or entry, that absolute or relative parts name together. Each part is resolved as if it were absolute, so
 * that `..` in one part cannot leave the parts before it.
 * @returns the fault when no URL of Sluice can have this path
 */
export function checkedFolder(...parts: readonly string[]): { path: FolderPath } | { fault: string } {
  const joined = posix.join("/", ...parts.map((part) => posix.join("/", part)));
  try {
    return { path: checkFolderPath(joined.slice(1)) };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { fault: error.errors?.map(({ detail }) => detail).join(" ") ?? error.detail };
  }
}
