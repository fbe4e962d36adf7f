// The changes of the tree that run now. A new lock waits for those that were permitted before it was there.

import type { FilePath, FolderPath } from "../../path.ts";
import { isWithin, parentOf } from "../../path.ts";
import type { Lock } from "./lock-table.ts";

/** A change of one path, as locks see it. */
export interface TreeChange {
  path: FilePath | FolderPath;
  /**
   * `write`: an entry is created, or gets other content or properties. `create`: the same, but what exists stays as it is.
   * `remove`: an entry is removed or moved away, with everything below it.
   */
  does: "write" | "create" | "remove";
}

interface RunningChange extends TreeChange {
  /** Created when a lock waits. */
  ended?: PromiseWithResolvers<void>;
}

export class RunningChanges {
  readonly #all = new Set<RunningChange>();

  /** Adds a change; call the result when it has ended. */
  begin({ path, does }: TreeChange): () => void {
    const running: RunningChange = { path, does };
    this.#all.add(running);
    return () => {
      this.#all.delete(running);
      running.ended?.resolve();
    };
  }

  /** Resolves when the changes that run now, and that the lock would refuse, have ended. */
  async endedFor(lock: Lock): Promise<void> {
    const concerned = [...this.#all].filter((running) => concerns(running, lock));
    await Promise.all(
      concerned.map((running) => {
        running.ended ??= Promise.withResolvers();
        return running.ended.promise;
      }),
    );
  }
}

function concerns({ path, does }: TreeChange, lock: Lock): boolean {
  if (does === "remove" && isWithin(lock.path, path)) return true;
  return lock.depth === "infinity"
    ? isWithin(path, lock.path)
    : path === lock.path || parentOf(path) === lock.path;
}
