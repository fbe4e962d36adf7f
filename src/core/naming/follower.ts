// Keeps what refers to entries by their paths, such as links, up to date when entries are moved and removed.

import type { FilePath } from "../../path.ts";
import type { ClaimedName } from "./conflict.ts";

export interface Follower {
  /** Runs the step that moves an entry, and everything in it. */
  move<Moved extends ClaimedName>(from: FilePath, step: () => Promise<Moved>): Promise<Moved>;
  /** Runs the step that removes an entry, and everything in it. */
  remove<T>(path: FilePath, step: () => Promise<T>): Promise<T>;
}

/** Nothing refers to entries. */
export const NO_FOLLOWER: Follower = {
  move: (_, step) => step(),
  remove: (_, step) => step(),
};
