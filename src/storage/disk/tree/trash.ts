// The trash on the disk: each removed entry as ID.entry, and the path that it had in ID.note.

import { checkFilePath, type FilePath, RESERVED } from "../../../path.ts";
import type { Moved } from "../../entry.ts";
import { entryNotFound, needsRecursive } from "../../problems.ts";
import { isTrashId, type Trash, type Trashed, type TrashId, timeOf } from "../../trash.ts";
import { type DiskContext, durably } from "../at/context.ts";
import { closeDir, type DirHandle, openBeneath } from "../at/handle.ts";
import { changingAt, entryAt, locateExisting } from "../at/locate.ts";
import { diskProblem, ENOENT_ONLY, errnoOf, ignoreErrno } from "../os/errno.ts";
import { READ_EXISTING } from "../os/open-flags.ts";
import { writeText } from "../write/atomic-text.ts";
import { nameAt } from "./move.ts";
import { assertNoMounts, assertRemovable, inFolder, refused } from "./removable.ts";
import { clear } from "./remove.ts";

const FOLDER = "trash";
/** Milliseconds after which a note without an entry is deleted: `put` writes the note first, so a crash can leave it. */
const ORPHAN_AGE = 3600_000;

export class DiskTrash implements Trash {
  constructor(readonly context: DiskContext) {}

  async put(path: FilePath, id: TrashId, { recursive }: { recursive: boolean }): Promise<void> {
    const { calls, dirSync } = this.context;
    await this.#inTrash(true, async (trash) => {
      const source = await locateExisting(this.context, path);
      try {
        const isFolder = (await entryAt(calls, source)).isDirectory();
        if (isFolder && !recursive) throw needsRecursive();
        // A file system inside it would be hidden, and emptied when the entry expires.
        if (isFolder) await inFolder(calls, source.at, path, (folder) => assertNoMounts(calls, folder, path));
        // Written first, so that no entry is ever without a note.
        const note = { path, kind: isFolder ? "folder" : "file" };
        await writeText(this.context, trash, `${id}.note`, JSON.stringify(note));
        try {
          await changingAt(calls, [source], calls.rename(source.at, `${trash.path}/${id}.entry`));
        } catch (error) {
          await calls.unlink(`${trash.path}/${id}.note`).catch(() => {});
          refused(path)(error);
        }
        await dirSync.sync(trash);
        await dirSync.sync(source.folder);
      } finally {
        await closeDir(calls, source.folder);
      }
    });
  }

  async ids(): Promise<TrashId[]> {
    return await this.#inTrash(true, async (trash) => {
      const { calls } = this.context;
      const names = (await calls.readdir(trash.path)).map(({ name }) => name);
      const entries = idsIn(names, ".entry");
      const there = new Set(entries);
      const before = Date.now() - ORPHAN_AGE;
      for (const id of idsIn(names, ".note"))
        if (!there.has(id) && timeOf(id) < before)
          await calls.unlink(`${trash.path}/${id}.note`).catch(() => {});
      return entries;
    });
  }

  async find(id: TrashId): Promise<Trashed | null> {
    const { calls } = this.context;
    return await this.#inTrash(true, async (trash) => {
      const fd = await ignoreErrno(ENOENT_ONLY, calls.open(`${trash.path}/${id}.note`, READ_EXISTING));
      const path = fd === null ? null : pathIn(await calls.text(fd).finally(() => calls.close(fd)));
      const stat = path && (await ignoreErrno(ENOENT_ONLY, calls.lstat(`${trash.path}/${id}.entry`)));
      if (!path || !stat) return null;
      // Not as the note has it: between the note and the rename, another entry may have taken the name.
      return stat.isDirectory() ? { path, kind: "folder" } : { path, kind: "file", size: Number(stat.size) };
    });
  }

  async restore(id: TrashId, to: FilePath, { replace }: { replace: boolean }): Promise<Moved> {
    return await this.#inTrash(false, async (trash) => {
      const source = { folder: trash, at: `${trash.path}/${id}.entry`, in: `${RESERVED}/${FOLDER}` };
      const moved = await durably(() => nameAt(this.context, source, to, { replace }));
      await this.#deleteSidecar(trash, id);
      return moved;
    });
  }

  async remove(id: TrashId): Promise<void> {
    const { calls, temporaries } = this.context;
    await this.#inTrash(false, async (trash) => {
      const at = `${trash.path}/${id}.entry`;
      const path = (await this.find(id))?.path ?? id;
      if ((await calls.lstat(at)).isDirectory())
        await inFolder(calls, at, path, (folder) => assertRemovable(calls, folder, path));
      const aside = `${temporaries.path}/${crypto.randomUUID()}`;
      await calls.rename(at, aside).catch(refused(path));
      await this.#deleteSidecar(trash, id);
      await clear(this.context, aside, path);
    });
  }

  async #deleteSidecar(trash: DirHandle, id: TrashId): Promise<void> {
    const { calls, dirSync } = this.context;
    await ignoreErrno(ENOENT_ONLY, calls.unlink(`${trash.path}/${id}.note`));
    await dirSync.sync(trash);
  }

  async #inTrash<T>(create: boolean, step: (trash: DirHandle) => Promise<T>): Promise<T> {
    const { calls, root } = this.context;
    try {
      const trash = await openBeneath(calls, root, [RESERVED, FOLDER], create);
      try {
        return await step(trash);
      } finally {
        await closeDir(calls, trash);
      }
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw diskProblem(error);
      throw entryNotFound(error);
    }
  }
}

function idsIn(names: readonly string[], ending: string): TrashId[] {
  return names
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .filter(isTrashId);
}

/** The path in a note, `null` when it cannot be read. */
function pathIn(note: string): FilePath | null {
  try {
    return checkFilePath(JSON.parse(note).path);
  } catch {
    return null;
  }
}
