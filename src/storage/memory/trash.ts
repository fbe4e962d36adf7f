// The trash in memory.

import { Problem } from "../../errors.ts";
import { checkFilePath, type FilePath } from "../../path.ts";
import type { Moved } from "../storage.ts";
import type { Trash, TrashId } from "../trash.ts";
import { MemoryContents } from "./contents.ts";
import type { MemoryStorage } from "./memory.ts";
import { assertExists, assertNameFree, remove, transfer } from "./tree.ts";

/** Where an entry lies in the contents that are its own. */
const AWAY = checkFilePath("entry");

export class MemoryTrash implements Trash {
  constructor(readonly storage: MemoryStorage) {}

  async put(path: FilePath, id: TrashId, text: string): Promise<void> {
    const { contents } = this.storage;
    assertExists(contents, path);
    const away = new MemoryContents();
    transfer(contents, path, away, AWAY);
    contents.trash.set(id, { text, contents: away });
  }

  async ids(): Promise<TrashId[]> {
    return [...this.storage.contents.trash.keys()];
  }

  async text(id: TrashId): Promise<string | null> {
    return this.storage.contents.trash.get(id)?.text ?? null;
  }

  async restore(id: TrashId, to: FilePath, { replace }: { replace: boolean }): Promise<Moved> {
    const { contents } = this.storage;
    const away = this.#away(id);
    const taken = assertNameFree(contents, assertExists(away, AWAY), to, replace);
    transfer(away, AWAY, contents, to);
    contents.trash.delete(id);
    this.storage.room(-(taken?.size ?? 0));
    return { entry: assertExists(contents, to), replaced: taken !== null };
  }

  async remove(id: TrashId): Promise<void> {
    this.storage.room(-remove(this.#away(id), AWAY, true));
    this.storage.contents.trash.delete(id);
  }

  #away(id: TrashId): MemoryContents {
    const away = this.storage.contents.trash.get(id);
    if (!away) throw new Problem("not_found", "There is no such file or folder.");
    return away.contents;
  }
}
