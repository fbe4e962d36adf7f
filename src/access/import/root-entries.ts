// Looks up what is at a path below the root.

import { realpathSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { errnoOf } from "../../system/errno.ts";
import type { KindOf } from "./save-import.ts";

/** @param root of the server; it need not exist */
export function rootEntries(root: string): KindOf {
  return (path) => {
    try {
      const top = realpathSync(root);
      const entry = realpathSync(join(top, path));
      // Clients cannot reach what a link outside of the root leads to.
      if (relative(top, entry).split(sep)[0] === "..") return undefined;
      const stat = statSync(entry);
      if (stat.isDirectory()) return "folder";
      return stat.isFile() ? "file" : undefined;
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return undefined;
    }
  };
}
