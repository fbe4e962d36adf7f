// The metadata sidecars of partial uploads: small text files, replaced atomically.

import { TimeSlice } from "../../../system/time-slice.ts";
import type { PartialMetadata } from "../../storage.ts";
import { isUploadId, type UploadId } from "../../upload-id.ts";
import { DENIED, errnoOf } from "../os/errno.ts";
import { writeText } from "../write/atomic-text.ts";
import { NOT_A_PLAIN_FILE, type PartialStore } from "./store.ts";

/** Milliseconds of reading between two yields to the event loop. */
const MAX_SLICE = 20;

export async function writeSidecar(store: PartialStore, id: UploadId, text: string): Promise<void> {
  await writeText(store.context, store.folder, `${id}.note`, text);
}

/** Errnos of a file that cannot be read, which must not keep the server from starting. */
const UNREADABLE: ReadonlySet<string> = new Set([...DENIED, "EIO"]);

/** Those that cannot be read are skipped and counted for the operator. @throws the system's error */
export async function* readSidecars(store: PartialStore): AsyncGenerator<PartialMetadata, void, void> {
  let unreadable = 0;
  const ids = (await store.context.calls.readdir(store.folder.path)).flatMap(({ name }) => {
    const id = name.endsWith(".note") ? name.slice(0, -".note".length) : "";
    return isUploadId(id) ? [id] : [];
  });
  const slice = new TimeSlice(MAX_SLICE);
  for (const id of ids) {
    try {
      const sidecar = readSidecar(store, id);
      if (sidecar) yield sidecar;
    } catch (error) {
      if (!UNREADABLE.has(errnoOf(error) ?? "")) throw error;
      unreadable += 1;
    }
    if (slice.expired) await slice.yield();
  }
  // Without their names: an upload id grants access.
  if (unreadable > 0)
    store.context.warn(
      `Unfinished uploads in \`.sluice/kept\` that cannot be read, and are skipped: ${unreadable}. Check the owner of the files.`,
    );
}

/** `null` when it was deleted in between or is not a plain file. */
function readSidecar(store: PartialStore, id: UploadId): PartialMetadata | null {
  const { calls } = store.context;
  const sidecar = unlessMissing(() => calls.smallFile(store.sidecarPath(id)));
  if (sidecar === null) return null;
  const { text, stat } = sidecar;
  const found = unlessMissing(() => calls.folderAt(store.dataPath(id)));
  const data = found?.isFile() ? found : null;
  const changed = data && data.mtimeMs > stat.mtimeMs ? data.mtimeMs : stat.mtimeMs;
  return { id, text, length: Number(data?.size ?? 0), changed: new Date(Number(changed)) };
}

/** @returns null where nothing is, or nothing that the server has created. @throws the system's error */
function unlessMissing<T>(call: () => T): T | null {
  try {
    return call();
  } catch (error) {
    if (NOT_A_PLAIN_FILE.has(errnoOf(error) ?? "")) return null;
    throw error;
  }
}
