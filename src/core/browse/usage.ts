// Sizes of folders. Concurrent requests share one count, which is aborted when the last caller goes away.

import type { FolderPath } from "../../path.ts";
import { Skipped } from "../../storage/listing/skipped.ts";
import type { ViewText } from "../../storage/listing/view.ts";
import type { Storage } from "../../storage/storage.ts";
import { SingleFlight } from "../../system/single-flight.ts";
import { walk } from "./walk.ts";

/** Totals of everything below a folder, hidden entries included. */
export interface FolderSize {
  /** Bytes of all files. A file with two hard links counts twice; symbolic links and the server's own folder do not count. */
  bytes: number;
  files: number;
  folders: number;
  /** Entries that are not counted, because no path can contain their name or the server may not read them; absent if none. */
  skipped?: number;
}

/** Counts that run concurrently; further ones are queued. */
const MAX_CONCURRENT = 2;

/** Counts the folders of one storage. */
export class FolderSizes {
  readonly #counts = new SingleFlight<FolderSize>({ concurrency: MAX_CONCURRENT, joinRunning: true });

  constructor(readonly storage: Storage) {}

  /** Number of folders that are being counted or are queued. */
  get running(): number {
    return this.#counts.pending;
  }

  /**
   * Counts everything below a folder, or joins a running count.
   * @param signal aborted when the caller goes away; the call then throws its reason
   * @param view what is counted. @default everything
   * @throws Problem not_found, not_a_folder
   */
  async of(folder: FolderPath, signal: AbortSignal, view?: ViewText): Promise<FolderSize> {
    const count = (aborted: AbortSignal): Promise<FolderSize> => this.#count(folder, aborted, view);
    return await this.#counts.run(JSON.stringify([folder, view]), count, { signal });
  }

  async #count(folder: FolderPath, signal: AbortSignal, view: ViewText | undefined): Promise<FolderSize> {
    const size: FolderSize = { bytes: 0, files: 0, folders: 0 };
    const skipped = new Skipped();
    for await (const entry of walk(this.storage, folder, { signal, skipped, view })) {
      if (entry.link) continue;
      if (entry.kind === "folder") size.folders += 1;
      else {
        size.files += 1;
        size.bytes += entry.size;
      }
    }
    return { ...size, ...(skipped.count > 0 && { skipped: skipped.count }) };
  }
}
