// The trash on the disk: each removed entry under its id, and a sidecar file with the path that it had.

import { checkFilePath, type FilePath, RESERVED } from "../../../path.ts";
import type { Moved } from "../../entry.ts";
import { entryNotFound, needsRecursive } from "../../problems.ts";
import { ageOf, type Trash, type Trashed, type TrashId } from "../../trash.ts";
import { type DiskContext, durably } from "../at/context.ts";
import { closeDir, type DirHandle, openBeneath } from "../at/handle.ts";
import { entryAt, type Location, locateExisting, orNotWritableAt } from "../at/locate.ts";
import type { Calls } from "../os/calls.ts";
import { DENIED, diskProblem, ENOENT_ONLY, errnoOf, FULL, ignoreErrno } from "../os/errno.ts";
import { CREATE_NEW } from "../os/open-flags.ts";
import { readText } from "../os/read-text.ts";
import { writeText } from "../write/atomic-text.ts";
import { measureTree } from "./copy-tree.ts";
import { nameAt } from "./move.ts";
import { assertFits } from "./reach.ts";
import { asNotRemovable, assertNoMounts, assertRemovable, inFolder } from "./removable.ts";
import { deleteOrWarn } from "./remove.ts";
import {
  asideName,
  entryName,
  entryNameWithPath,
  idOfAside,
  idOfEntry,
  idOfSidecar,
  pathInName,
  sidecarName,
} from "./trash-names.ts";

const FOLDER = "trash";
/** Errnos of a trash that does not exist, or that this process may not read. */
const NO_TRASH: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", ...DENIED]);

/** One per storage. */
export class DiskTrash implements Trash {
  /** Entries whose sidecar may exist before they do. */
  readonly #arriving = new Set<TrashId>();
  /** Names of entries without a sidecar when the folder was last listed: reading it for each would take minutes. */
  readonly #withPath = new Map<TrashId, string>();

  constructor(readonly context: DiskContext) {}

  async put(
    path: FilePath,
    id: TrashId,
    { recursive, aside = false }: { recursive: boolean; aside?: boolean },
  ): Promise<void> {
    const { calls } = this.context;
    await this.#inTrash(true, async (trash) => {
      const source = await locateExisting(this.context, path);
      try {
        const isFolder = (await entryAt(calls, source)).isDirectory();
        if (isFolder && !recursive) throw needsRecursive();
        // A file system inside it would be hidden, and emptied when the entry expires.
        if (isFolder) await inFolder(calls, source.at, path, (folder) => assertNoMounts(calls, folder, path));
        if (aside) await this.#mark(trash, id);
        await this.#moveIn(trash, source, path, id, isFolder);
      } finally {
        await closeDir(calls, source.folder);
      }
    });
  }

  async #mark(trash: DirHandle, id: TrashId): Promise<void> {
    const { calls } = this.context;
    const marked = calls.open(`${trash.path}/${asideName(id)}`, CREATE_NEW, 0o600);
    const fd = await ignoreErrno(FULL, marked);
    if (fd !== null) await calls.close(fd);
  }

  async keep(id: TrashId): Promise<void> {
    const { calls } = this.context;
    await this.#inTrash(false, (trash) =>
      ignoreErrno(ENOENT_ONLY, calls.unlink(`${trash.path}/${asideName(id)}`)),
    );
  }

  /** The entries that a server had put aside when it was killed. @throws Problem not_found without a trash */
  async aside(): Promise<TrashId[]> {
    return await this.#inTrash(false, async (trash) => {
      const names = await this.context.calls.names(trash.path);
      return names.map(idOfAside).filter((id) => id !== null);
    });
  }

  async #moveIn(
    trash: DirHandle,
    source: Location,
    path: FilePath,
    id: TrashId,
    isFolder: boolean,
  ): Promise<void> {
    const { calls, dirSync } = this.context;
    this.#arriving.add(id);
    try {
      // Written first, so that no entry is ever without a path.
      const sidecar = JSON.stringify({ path, kind: isFolder ? "folder" : "file" });
      const name = await writeText(this.context, trash, sidecarName(id), sidecar).then(
        () => entryName(id),
        (error: unknown) => {
          // A full disk must not keep anybody from deleting.
          if (FULL.has(errnoOf(error) ?? "")) return entryNameWithPath(id, path);
          throw error;
        },
      );
      try {
        await orNotWritableAt(calls, [source], calls.rename(source.at, `${trash.path}/${name}`));
      } catch (error) {
        for (const left of [sidecarName(id), asideName(id)])
          await calls.unlink(`${trash.path}/${left}`).catch(() => {});
        asNotRemovable(path)(error);
      }
    } finally {
      this.#arriving.delete(id);
    }
    await dirSync.sync(trash);
    await dirSync.sync(source.folder);
  }

  async ids(): Promise<TrashId[]> {
    return await this.#inTrash(true, async (trash) => {
      const names = await this.context.calls.names(trash.path);
      const entries: TrashId[] = [];
      this.#withPath.clear();
      for (const name of names) {
        const id = idOfEntry(name);
        if (id === null) continue;
        entries.push(id);
        if (name !== entryName(id)) this.#withPath.set(id, name);
      }
      const there = new Set(entries);
      for (const id of names.map(idOfSidecar))
        if (id !== null && !there.has(id)) await this.#deleteOrphan(trash, id);
      return entries;
    });
  }

  /** Deletes a sidecar that a crash left without its entry. */
  async #deleteOrphan(trash: DirHandle, id: TrashId): Promise<void> {
    if (this.#arriving.has(id)) return;
    // The entry may have arrived since the names were read.
    if ((await this.#nameOf(trash, id)) !== null) return;
    await this.context.calls.unlink(`${trash.path}/${sidecarName(id)}`).catch(() => {
      // Deleted by a request; otherwise the next call tries again.
    });
  }

  async find(id: TrashId): Promise<Trashed | null> {
    const { calls } = this.context;
    return await this.#inTrash(true, async (trash) => {
      const name = await this.#nameOf(trash, id);
      const path = name && (pathInName(name) ?? (await this.#pathInSidecar(trash, id)));
      const stat = path && (await ignoreErrno(ENOENT_ONLY, calls.lstat(`${trash.path}/${name}`)));
      if (!path || !stat) return null;
      // Not the kind in the sidecar: between its writing and the rename, another entry may have taken the name.
      return stat.isDirectory() ? { path, kind: "folder" } : { path, kind: "file", size: Number(stat.size) };
    });
  }

  async measure(id: TrashId): Promise<number> {
    const { calls } = this.context;
    return await this.#inTrash(false, async (trash) => {
      const at = await this.#find(trash, id);
      const stat = await calls.lstat(at);
      if (!stat.isDirectory()) return Number(stat.size);
      const path = (await this.find(id))?.path ?? id;
      return await inFolder(calls, at, path, async (dir) => {
        const { signal } = new AbortController();
        return (await measureTree(calls, { dir, path }, signal)).bytes;
      });
    });
  }

  async restore(id: TrashId, to: FilePath, { replace }: { replace: boolean }): Promise<Moved> {
    return await this.#inTrash(false, async (trash) => {
      const at = await this.#find(trash, id);
      const source = { folder: trash, at, folderPath: `${RESERVED}/${FOLDER}` };
      const trashed = await this.find(id);
      if (trashed?.kind === "folder") await assertFits(this.context, source, trashed.path, to);
      const moved = await durably(() => nameAt(this.context, source, to, { replace }));
      await this.#deleteSidecar(trash, id);
      return moved;
    });
  }

  async remove(id: TrashId): Promise<void> {
    const { calls, temporaries } = this.context;
    await this.#inTrash(false, async (trash) => {
      const at = await this.#find(trash, id);
      const path = (await this.find(id))?.path ?? id;
      if ((await calls.lstat(at)).isDirectory())
        await inFolder(calls, at, path, (folder) => assertRemovable(calls, folder, path));
      const aside = `${temporaries.path}/${crypto.randomUUID()}`;
      await calls.rename(at, aside).catch(asNotRemovable(path));
      await this.#deleteSidecar(trash, id);
      await deleteOrWarn(this.context, aside, path);
    });
  }

  /** The path of an entry in the open folder. @throws Problem not_found */
  async #find(trash: DirHandle, id: TrashId): Promise<string> {
    const name = await this.#nameOf(trash, id);
    if (name === null) throw entryNotFound();
    return `${trash.path}/${name}`;
  }

  async #nameOf(trash: DirHandle, id: TrashId): Promise<string | null> {
    const { calls } = this.context;
    for (const name of [entryName(id), this.#withPath.get(id)])
      if (name && (await ignoreErrno(ENOENT_ONLY, calls.lstat(`${trash.path}/${name}`)))) return name;
    return (await calls.names(trash.path)).find((name) => idOfEntry(name) === id) ?? null;
  }

  /** `null` when there is no sidecar, or it is damaged. */
  async #pathInSidecar(trash: DirHandle, id: TrashId): Promise<FilePath | null> {
    const { calls } = this.context;
    const text = await ignoreErrno(ENOENT_ONLY, readText(calls, `${trash.path}/${sidecarName(id)}`));
    return text === null ? null : pathIn(text);
  }

  async #deleteSidecar(trash: DirHandle, id: TrashId): Promise<void> {
    const { calls, dirSync } = this.context;
    for (const name of [sidecarName(id), asideName(id)])
      await ignoreErrno(ENOENT_ONLY, calls.unlink(`${trash.path}/${name}`));
    await dirSync.sync(trash);
  }

  async #inTrash<T>(create: boolean, step: (trash: DirHandle) => Promise<T>): Promise<T> {
    const { calls, dirSync, root } = this.context;
    try {
      const trash = await openBeneath(calls, root, [RESERVED, FOLDER], create ? dirSync : null);
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

/** The greatest age that the storage had when one of its entries was removed, as far as the trash can be read. */
export async function ageInTrash(calls: Calls, reserved: DirHandle): Promise<number> {
  const names = (await ignoreErrno(NO_TRASH, calls.names(`${reserved.path}/${FOLDER}`))) ?? [];
  return names.map(idOfEntry).reduce((age, id) => (id === null ? age : Math.max(age, ageOf(id))), 0);
}

/** The path in a sidecar, `null` when it is damaged. */
function pathIn(sidecar: string): FilePath | null {
  try {
    return checkFilePath(JSON.parse(sidecar).path);
  } catch {
    return null;
  }
}
