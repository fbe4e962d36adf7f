// Deletes temporary files of earlier runs in the background, while the server already answers.

import type { DiskContext } from "../at/context.ts";
import type { DirHandle } from "../at/handle.ts";
import { UNLINKED_FOLDER } from "../bulk/remove-tree.ts";
import { errnoOf } from "../os/errno.ts";
import { reasonOf, removeAll } from "../tree/remove.ts";

/** Warnings that name a leftover; further ones are only counted. */
const MAX_NAMED = 10;

/** Names in a folder, without kinds: a stat() for each of some hundred thousand entries would delay the start. */
export interface Leftovers {
  folder: DirHandle;
  names: readonly string[];
}

export class LeftoverRemoval {
  #stopped = false;
  /** Resolves when everything was deleted or skipped. Never rejects. */
  readonly ended: Promise<void>;

  /** Starts at once. What cannot be deleted is named to the operator and skipped: the next start tries again. */
  constructor(
    readonly context: DiskContext,
    leftovers: readonly Leftovers[],
  ) {
    this.ended = this.#run(leftovers);
  }

  /** Deletes no more, and resolves when the last deletion has ended. Never throws. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.ended;
  }

  async #run(leftovers: readonly Leftovers[]): Promise<void> {
    const { warn } = this.context;
    let skipped = 0;
    for (const { folder, names } of leftovers)
      for (const name of names) {
        if (this.#stopped) return;
        const failure = await this.#remove(`${folder.path}/${name}`, name);
        if (failure === null) continue;
        skipped += 1;
        if (skipped <= MAX_NAMED)
          warn(`\`${name}\` in \`.sluice\`, left by an earlier run, cannot be deleted: ${failure}`);
      }
    if (skipped > MAX_NAMED) warn(`${skipped - MAX_NAMED} more leftovers cannot be deleted.`);
  }

  /** @returns why it could not be deleted, `null` when it was */
  async #remove(at: string, name: string): Promise<string | null> {
    const { calls } = this.context;
    try {
      await calls.unlinkLarge(at).catch(async (error: unknown) => {
        if (!UNLINKED_FOLDER.has(errnoOf(error) ?? "") || !(await calls.lstat(at)).isDirectory()) throw error;
        await removeAll(calls, at, name);
      });
      return null;
    } catch (error) {
      return errnoOf(error) === "ENOENT" ? null : reasonOf(error);
    }
  }
}
