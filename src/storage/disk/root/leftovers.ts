// Deletes what an earlier run left in the server's own folder, while the server already answers.

import type { Dirent } from "node:fs";
import type { DiskContext } from "../at/context.ts";
import type { DirHandle } from "../at/handle.ts";
import { reasonOf, removeAll } from "../tree/remove.ts";

/** Leftovers that are named when they cannot be deleted; the others are counted. */
const MAX_NAMED = 10;

export interface Leftover {
  at: string;
  name: string;
  isFolder: boolean;
}

export function leftoversIn(folder: DirHandle, entries: readonly Dirent[]): Leftover[] {
  return entries.map((entry) => ({
    at: `${folder.path}/${entry.name}`,
    name: entry.name,
    isFolder: entry.isDirectory(),
  }));
}

export class LeftoverRemoval {
  #stopped = false;
  /** Resolves when everything was deleted or skipped. Never rejects. */
  readonly ended: Promise<void>;

  /** Starts at once. What cannot be deleted is named to the operator and skipped: the next start tries again. */
  constructor(
    readonly context: DiskContext,
    leftovers: readonly Leftover[],
  ) {
    this.ended = this.#run(leftovers);
  }

  /** Deletes no more, and resolves when the last deletion has ended. Never throws. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.ended;
  }

  async #run(leftovers: readonly Leftover[]): Promise<void> {
    const { warn } = this.context;
    let skipped = 0;
    for (const leftover of leftovers) {
      if (this.#stopped) return;
      const failure = await this.#remove(leftover);
      if (failure === null) continue;
      skipped += 1;
      if (skipped <= MAX_NAMED)
        warn(`\`${leftover.name}\` in \`.sluice\`, left by an earlier run, cannot be deleted: ${failure}`);
    }
    if (skipped > MAX_NAMED) warn(`${skipped - MAX_NAMED} more leftovers cannot be deleted.`);
  }

  /** @returns why it could not be deleted, `null` when it was */
  async #remove({ at, name, isFolder }: Leftover): Promise<string | null> {
    const { calls } = this.context;
    try {
      await (isFolder ? removeAll(calls, at, name) : calls.unlinkLarge(at));
      return null;
    } catch (error) {
      return reasonOf(error);
    }
  }
}
