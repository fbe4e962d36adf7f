// The trash in memory.

import { checkFilePath, checkReach, type FilePath } from "../../path.ts";
import type { Moved } from "../entry.ts";
import { entryNotFound, needsRecursive } from "../problems.ts";
import type { Trash, Trashed, TrashId } from "../trash.ts";
import { MemoryContents, type MemoryHost } from "./contents.ts";
import { assertExists, assertNameFree, reachOf, remove, transfer } from "./tree.ts";

/** Path of a trashed entry in its own contents. */
const AWAY = checkFilePath("entry");

export class MemoryTrash implements Trash {
  constructor(readonly host: MemoryHost) {}

  async put(path: FilePath, id: TrashId, { recursive }: { recursive: boolean }): Promise<void> {
    const { contents } = this.host;
    if (assertExists(contents, path).kind === "folder" && !recursive) throw needsRecursive();
    const away = new MemoryContents();
    transfer(contents, path, away, AWAY);
    contents.trash.set(id, { path, contents: away });
  }

  /** Nothing outlives the process. */
  async keep(): Promise<void> {}

  async ids(): Promise<TrashId[]> {
    return [...this.host.contents.trash.keys()];
  }

  async find(id: TrashId): Promise<Trashed | null> {
    const trashed = this.host.contents.trash.get(id);
    if (!trashed) return null;
    const { path, contents } = trashed;
    const entry = assertExists(contents, AWAY);
    return { path, kind: entry.kind, ...(entry.kind === "file" && { size: entry.size }) };
  }

  async measure(id: TrashId): Promise<number> {
    return [...this.#away(id).files.values()].reduce((sum, { entry }) => sum + entry.size, 0);
  }

  async restore(id: TrashId, to: FilePath, { replace }: { replace: boolean }): Promise<Moved> {
    const { contents } = this.host;
    const away = this.#away(id);
    checkReach(to, reachOf(away, AWAY));
    const taken = assertNameFree(contents, assertExists(away, AWAY), to, replace);
    transfer(away, AWAY, contents, to);
    contents.trash.delete(id);
    this.host.release(taken?.size ?? 0);
    return { entry: assertExists(contents, to), replaced: taken !== null };
  }

  async remove(id: TrashId): Promise<void> {
    this.host.release(remove(this.#away(id), AWAY, true));
    this.host.contents.trash.delete(id);
  }

  #away(id: TrashId): MemoryContents {
    const away = this.host.contents.trash.get(id);
    if (!away) throw entryNotFound();
    return away.contents;
  }
}
