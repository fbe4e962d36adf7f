// The server's own folder in the root: locked by one server, with the bytes that are no files yet.

import { Problem } from "../../../errors.ts";
import { RESERVED } from "../../../path.ts";
import { type Anchor, descend, release } from "../at/handle.ts";
import type { Calls } from "../os/calls.ts";
import { diskProblem } from "../os/errno.ts";
import { openKept } from "../partial/store.ts";
import { type Lock, lockRoot } from "./root-lock.ts";

/** The lock and the folders, held open by whoever opened it; or why there is none, when the root can only be read. */
export type Workplace = { lock: Lock; reserved: Anchor; temporaries: Anchor; kept: Anchor } | Problem;

export function noWorkplace(): Problem {
  return new Problem("storage_read_only", "The server was started to read only.");
}

/**
 * Locks the root and removes what an earlier run left unfinished and did not keep.
 * @throws RootInUse when another server has it; the system's error
 */
export async function openWorkplace(calls: Calls, root: Anchor, real: string): Promise<Workplace> {
  const opened: Anchor[] = [];
  let lock: Lock | undefined;
  try {
    const reserved = await descend(calls, root, [RESERVED], true);
    opened.push(reserved);
    lock = lockRoot(`${real}/${RESERVED}`);
    const temporaries = await descend(calls, reserved, ["uploads"], true);
    opened.push(temporaries);
    for (const left of await calls.readdir(temporaries.path))
      await calls.removeTree(`${temporaries.path}/${left.name}`);
    return { lock, reserved, temporaries, kept: await openKept(calls, reserved) };
  } catch (error) {
    lock?.release();
    for (const anchor of opened) await release(calls, anchor);
    const problem = diskProblem(error);
    if (problem.code === "storage_read_only") return problem;
    throw error;
  }
}
