// Applies a view to an open folder: of a link, both its own path and the one that it leads to must be shown.

import { childOf, type FilePath } from "../../../path.ts";
import type { Entry } from "../../entry.ts";
import { type ViewText, viewOf } from "../../listing/view.ts";
import { folderNotFound } from "../../problems.ts";
import type { OpenFolder } from "../at/handle.ts";
import { linkTarget } from "../at/link-target.ts";
import type { PathLookup } from "../at/lookup.ts";

/** The part of an open folder that a view shows. */
export interface Sight {
  /** Whether the folder itself is shown, and does not only lead to one that is. */
  readonly whole: boolean;
  /** Whether a name may be shown; a link may still lead to an entry that may not. */
  sees(path: FilePath, name: string): boolean;
  /** Whether an entry may be shown. */
  shows(entry: Entry): boolean;
}

const EVERYTHING: Sight = { whole: true, sees: () => true, shows: () => true };

/** @throws Problem not_found when a link has led to a folder that is not shown */
export function sightOf(
  text: ViewText | undefined,
  { root }: Pick<PathLookup, "root">,
  { folder, real }: OpenFolder,
): Sight {
  const view = viewOf(text);
  if (!view) return EVERYTHING;
  const shows = (entry: Entry): boolean => entry.target === undefined || view.sees(entry.target);
  const target = linkTarget(root, folder, real);
  if (target === undefined) return { whole: view.has(folder), sees: (path) => view.sees(path), shows };
  if (!view.sees(target)) throw folderNotFound();
  const seesReal = (name: string): boolean => {
    const path = childOf(target, name);
    return path === null ? view.has(target) : view.sees(path);
  };
  return {
    whole: view.has(folder) && view.has(target),
    sees: (path, name) => view.sees(path) && seesReal(name),
    shows,
  };
}
