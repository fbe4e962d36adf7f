// Source, destination and conflict policy of a move or copy, and the problems that both can end with.

import type { Conflict } from "../../config/config.ts";
import type { MoveRequest } from "../../core/naming/conflict.ts";
import { checkFilePath } from "../../path.ts";
import { mayTake, proveBelow } from "../../plugins/access.ts";
import { CHANGE_PROBLEMS } from "../openapi/answers.ts";
import type { Services } from "./services.ts";

/** Problems of moves and copies, besides those of every change. */
export const MOVE_PROBLEMS = [
  "not_found",
  "name_taken",
  "is_folder",
  "into_itself",
  "mount_point",
  "source_changed",
  "storage_full",
  "quota_exceeded",
] as const;

/** Problems of a batch. */
export const BATCH_PROBLEMS = [
  ...CHANGE_PROBLEMS,
  ...MOVE_PROBLEMS,
  "too_many_jobs",
  "too_many_uploads",
] as const;

/**
 * Checks the paths of a request, proves that the asker may do it, and fills in the default conflict policy.
 * @throws Problem invalid_path, not_allowed, not_found, login_required
 */
export function moveRequest(
  { config }: Services,
  request: Request,
  kind: "move" | "copy",
  { from: source, to: target, conflict }: { from: string; to: string; conflict?: Conflict },
): MoveRequest {
  const from = checkFilePath(source, "/from");
  const to = checkFilePath(target, "/to");
  proveBelow(request, kind === "move" ? "delete" : "read", from);
  const asker = proveBelow(request, "write", to);
  // Otherwise a client could move what it may not read to a place where it may.
  if (kind === "move" && (asker.can("list", to) || asker.leadsTo("list", to)))
    proveBelow(request, asker.can("read", to) || asker.leadsTo("read", to) ? "read" : "list", from);
  return {
    from,
    to,
    conflict: conflict ?? config.conflict ?? "rename",
    may: mayTake(asker, to),
  };
}
