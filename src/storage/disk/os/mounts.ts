// Finds mount points below a folder; the device alone does not show them, because a bind mount may have the same one.

import { parseMounts } from "../../../system/mounts.ts";
import type { Calls } from "./calls.ts";
import { readText } from "./read-text.ts";

/** The mount points below a folder, relative to it. Empty except on Linux. @param real the folder's real path */
export async function mountsBelow(calls: Calls, real: string): Promise<string[]> {
  if (process.platform !== "linux") return [];
  const text = await readText(calls, "/proc/self/mountinfo");
  const above = real === "/" ? "/" : `${real}/`;
  return parseMounts(text)
    .filter(({ point }) => point.startsWith(above) && point !== above)
    .map(({ point }) => point.slice(above.length));
}
