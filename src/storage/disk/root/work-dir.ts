// The server's own folder in the root: the lock, temporary files and partial uploads.

import { constants } from "node:fs";
import { Problem } from "../../../errors.ts";
import { RESERVED } from "../../../path.ts";
import { DirSync } from "../at/dir-sync.ts";
import { closeDir, type DirHandle, openBeneath } from "../at/handle.ts";
import { ACCESS_ACL, DEFAULT_ACL } from "../os/attributes.ts";
import type { Calls } from "../os/calls.ts";
import { diskProblem, ENOENT_ONLY, ignoreErrno } from "../os/errno.ts";
import { openPartialStore } from "../partial/store.ts";
import { ageInTrash } from "../tree/trash.ts";
import { recordedAge } from "./age-clock.ts";
import type { Leftovers } from "./leftovers.ts";
import { type Lock, lockRoot } from "./root-lock.ts";

/** The lock and the open folders, which the caller must close; or the reason why the root is read-only. */
export type WorkDir =
  | {
      lock: Lock;
      reserved: DirHandle;
      temporaries: DirHandle;
      partials: DirHandle;
      /** Temporary files of an earlier run and the like, to be deleted by the caller. */
      leftovers: Leftovers[];
      /** See `Storage.age`. */
      age: number;
    }
  | Problem;

const OWN_FOLDER_MODE = 0o700;
const OF_ANOTHER_OWNER = new Set(["EPERM", "EROFS"]);

/**
 * Locks the root, and finds temporary files of an earlier run, and partial uploads without metadata.
 * @throws RootInUse when another server has it; the system's error
 */
export async function openWorkDir(
  calls: Calls,
  root: DirHandle,
  real: string,
  boot: string,
): Promise<WorkDir> {
  const opened: DirHandle[] = [];
  let lock: Lock | undefined;
  const dirSync = new DirSync(calls);
  try {
    const reserved = await openBeneath(calls, root, [RESERVED], dirSync);
    opened.push(reserved);
    // On a read-only file system SQLite would open the lock without locking it.
    await calls.access(reserved.path, constants.W_OK | constants.X_OK);
    await ignoreErrno(ENOENT_ONLY, calls.access(`${reserved.path}/lock`, constants.W_OK));
    await isolate(calls, reserved);
    lock = lockRoot(`${real}/${RESERVED}`);
    const temporaries = await openBeneath(calls, reserved, ["uploads"], dirSync);
    opened.push(temporaries);
    await isolate(calls, temporaries);
    const left = await calls.names(temporaries.path);
    const { folder: partials, orphans } = await openPartialStore(calls, reserved);
    opened.push(partials);
    await isolate(calls, partials);
    const leftovers = [
      { folder: temporaries, names: left },
      { folder: partials, names: orphans.map(({ name }) => name) },
    ];
    const age = (await recordedAge(calls, reserved, boot)) ?? (await ageInTrash(calls, reserved));
    return { lock, reserved, temporaries, partials, leftovers, age };
  } catch (error) {
    lock?.release();
    for (const dir of opened) await closeDir(calls, dir);
    const problem = diskProblem(error);
    if (problem.code === "storage_read_only") return problem;
    // The folder belongs to somebody else, for example to another user who has run the server before.
    if (problem.code === "no_access")
      return new Problem(
        "storage_read_only",
        `The server may not use \`${RESERVED}\` in its root. Check the owner of this folder.`,
        {
          cause: error,
        },
      );
    throw error;
  }
}

/**
 * Closes a folder to other users, since the files in it may be bound for a folder that is closed to them, and makes it
 * hand down neither group nor access control list. A folder of another owner stays as it is.
 */
async function isolate(calls: Calls, { fd }: DirHandle): Promise<void> {
  for (const name of [DEFAULT_ACL, ACCESS_ACL])
    if (calls.attributeOf(fd, name)) calls.setAttribute(fd, name, null);
  if ((calls.stat(fd).mode & 0o7777n) === BigInt(OWN_FOLDER_MODE)) return;
  await ignoreErrno(OF_ANOTHER_OWNER, calls.chmod(fd, OWN_FOLDER_MODE));
}
