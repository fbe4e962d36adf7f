// Source, destination and conflict policy of a move or copy, and the problems that both can end with.

import type { Conflict } from "../../config/config.ts";
import type { MoveRequest } from "../../core/naming/conflict.ts";
import { checkFilePath } from "../../path.ts";
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
] as const;

/** Problems of a batch. */
export const BATCH_PROBLEMS = [
  ...CHANGE_PROBLEMS,
  ...MOVE_PROBLEMS,
  "too_many_jobs",
  "too_many_uploads",
] as const;

/** Checks the paths of a request and fills in the default conflict policy. @throws Problem invalid_path */
export function moveRequest(
  { config }: Services,
  { from, to, conflict }: { from: string; to: string; conflict?: Conflict },
  pointer = "",
): MoveRequest {
  return {
    from: checkFilePath(from, `${pointer}/from`),
    to: checkFilePath(to, `${pointer}/to`),
    conflict: conflict ?? config.conflict ?? "rename",
  };
}
