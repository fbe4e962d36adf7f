// Reads a folder for an answer that its client may read slowly: page by page, so that nothing of the folder is held for those who wait.

import type { FolderPath } from "../../path.ts";
import type { Entry } from "../../storage/entry.ts";
import { BY_NAME, type Page, type PageKey, type PageQuery } from "../../storage/listing/paging.ts";
import type { ViewText } from "../../storage/listing/view.ts";
import type { Storage } from "../../storage/storage.ts";
import { SingleFlight } from "../../system/single-flight.ts";

/** Entries of the first page, which most folders do not fill. */
const FIRST_PAGE = 1000;
/** Entries of the others: each finds its place in the order of the whole folder. */
const NEXT_PAGE = 4000;
/** Pages read concurrently in one storage: more would only wait for each other. */
const MAX_CONCURRENT = 2;
const readings = new WeakMap<Storage, SingleFlight<Page>>();

/**
 * Yields all entries of a folder by name. Concurrent callers share pages, so they must not be modified.
 * @param signal aborted when the client goes away; a page without callers is not read unless it has begun
 * @throws Problem not_found, not_a_folder, …; the reason of the signal
 */
export async function* folderPages(
  storage: Storage,
  folder: FolderPath,
  view: ViewText | undefined,
  signal: AbortSignal,
): AsyncGenerator<readonly Entry[], void, void> {
  const singleFlight = readings.get(storage) ?? new SingleFlight<Page>({ concurrency: MAX_CONCURRENT });
  readings.set(storage, singleFlight);
  let after: PageKey | undefined;
  do {
    const query: PageQuery = { ...BY_NAME, limit: after ? NEXT_PAGE : FIRST_PAGE, after, view };
    const read = (): Promise<Page> => storage.page(folder, query);
    const { entries, next } = await singleFlight.run(JSON.stringify([folder, query]), read, {
      partition: folder,
      signal,
    });
    yield entries;
    after = next ?? undefined;
  } while (after);
}
