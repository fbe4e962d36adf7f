// Where an entry goes: the name that was asked for, or another one, by the rules of names and grants.

import type { Conflict } from "../../config/config.ts";
import { Problem } from "../../errors.ts";
import { type FilePath, nameOf } from "../../path.ts";
import type { Entry, Moved } from "../../storage/entry.ts";
import type { Uploader } from "../upload/uploader.ts";
import { claimNumbered } from "./numbered-name.ts";
import { nameTaken, replaceNotAllowed } from "./refusals.ts";

/** From where to where. */
export interface MoveRequest {
  from: FilePath;
  to: FilePath;
  conflict: Conflict;
}

/** What became of it. */
export interface ClaimedName {
  entry: Entry;
  /** True when a file had the name before. */
  replaced: boolean;
  /** The name that was asked for, when it was taken. */
  renamedFrom?: string;
}

/**
 * Gives an entry the name that was asked for, or the next free one. Whoever may replace holds the lock of the path.
 * @throws Problem name_taken, not_allowed, and those of `give`
 */
export async function claimName(
  uploader: Uploader,
  { to, conflict }: MoveRequest,
  kind: Entry["kind"],
  give: (to: FilePath, replace: boolean) => Promise<Moved>,
): Promise<ClaimedName> {
  const replace = conflict === "replace" && uploader.limits.allow.has("replace");
  try {
    return await give(to, replace);
  } catch (error) {
    if (!isTaken(error)) throw error;
    if (conflict === "replace" && kind === "file" && !replace) throw replaceNotAllowed();
    if (conflict !== "rename") throw error;
  }
  const free = (name: FilePath): Promise<Moved | null> =>
    give(name, false).catch((error: unknown) => {
      if (isTaken(error)) return null;
      throw error;
    });
  const moved = await uploader.numberingLocks.withLock(to, () =>
    claimNumbered(uploader.storage, to, free, kind),
  );
  return { ...moved, renamedFrom: nameOf(to) };
}

/** Says early what `place` would say of what has the name now. @throws Problem */
export function refuseEarly(
  uploader: Uploader,
  { conflict }: MoveRequest,
  kind: Entry["kind"],
  there: Entry | null,
): void {
  if (there === null || conflict === "rename") return;
  if (conflict === "fail" || kind === "folder") throw nameTaken();
  if (there.kind === "folder") throw new Problem("is_folder", "A folder has this name.");
  if (!uploader.limits.allow.has("replace")) throw replaceNotAllowed();
}

function isTaken(error: unknown): boolean {
  return error instanceof Problem && error.code === "name_taken";
}
