// Finds one root for the volumes of copyparty, each of which shows another folder of the machine.

import { posix } from "node:path";
import type { FolderPath } from "../../../path.ts";
import type { Volume } from "./copyparty-volumes.ts";

export interface Places {
  /** Unset when no folder holds all volumes at their paths. */
  root?: string;
  /** Volumes that are elsewhere than below the root at their path. */
  mounts: { path: FolderPath; source: string }[];
}

export function placeVolumes(volumes: readonly Volume[]): Places {
  const top = volumes.find(({ path }) => path === "");
  const parents = new Set(volumes.map(parentOf));
  const root = top?.source ?? (parents.size === 1 ? [...parents][0] : undefined);
  const mounts = volumes
    .filter(({ path, source }) => root === undefined || clean(source) !== clean(posix.join(root, path)))
    .map(({ path, source }) => ({ path, source }));
  return { ...(root !== undefined && { root }), mounts };
}

/** The folder in which the volume has its path; undefined when its name is another. */
function parentOf({ path, source }: Volume): string | undefined {
  const parent = posix.join(clean(source), ...path.split("/").map(() => ".."));
  return clean(posix.join(parent, path)) === clean(source) ? parent.replace(/(?<=.)\/$/, "") : undefined;
}

/** With a slash at its end. */
function clean(path: string): string {
  return posix.normalize(`${path || "."}/`);
}
