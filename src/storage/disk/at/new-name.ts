// Gives a file a new name, without overwriting, in a way that programs that watch the folder notice.

import { constants } from "node:fs";
import { type Calls, closeQuietly } from "../os/calls.ts";
import { OPEN_EXISTING } from "../os/open-flags.ts";

/** One per storage. docs/decisions/watchers.md compares the system calls. */
export class NewNames {
  #unsupported = false;

  constructor(readonly calls: Calls) {}

  /**
   * Renames a file unless the name is taken. Watchers see IN_MOVED_TO.
   * @returns false when nothing was renamed: call `link`, which reports the reason, or works where RENAME_NOREPLACE is missing
   */
  async rename(from: string, to: string): Promise<boolean> {
    if (this.#unsupported) return false;
    const renamed = await this.calls.renameNew(from, to);
    this.#unsupported = renamed === "unsupported";
    return renamed === "renamed";
  }

  /** Gives a file a second name. Watchers see IN_CLOSE_WRITE. @throws the system's error of link(), EEXIST when it is taken */
  async link(from: string, to: string): Promise<void> {
    await this.calls.link(from, to);
    // link() alone is IN_CREATE, which programs ignore because a file that is just being written begins with it.
    const opened = await this.calls.open(to, constants.O_WRONLY | OPEN_EXISTING).catch(() => null);
    // A file that may not be written by its owner stays unannounced.
    if (opened !== null) await closeQuietly(this.calls, opened);
  }
}
