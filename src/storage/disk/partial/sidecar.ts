// The metadata sidecars of partial uploads: small text files, replaced atomically.

import type { PartialMetadata } from "../../storage.ts";
import { isUploadId, type UploadId } from "../../upload-id.ts";
import { closeQuietly } from "../os/calls.ts";
import { ignoreErrno } from "../os/errno.ts";
import { READ_EXISTING } from "../os/open-flags.ts";
import { writeText } from "../write/atomic-text.ts";
import { NOT_A_PLAIN_FILE, type PartialStore } from "./store.ts";

// Sidecars read concurrently: enough to keep the thread pool busy.
const MAX_CONCURRENT = 32;

export async function writeSidecar(store: PartialStore, id: UploadId, text: string): Promise<void> {
  await writeText(store.context, store.folder, `${id}.note`, text);
}

/** @throws the system's error */
export async function* readSidecars(store: PartialStore): AsyncGenerator<PartialMetadata, void, void> {
  const ids = (await store.context.calls.readdir(store.folder.path)).flatMap(({ name }) => {
    const id = name.endsWith(".note") ? name.slice(0, -".note".length) : "";
    return isUploadId(id) ? [id] : [];
  });
  for (let at = 0; at < ids.length; at += MAX_CONCURRENT)
    for (const sidecar of await Promise.all(
      ids.slice(at, at + MAX_CONCURRENT).map((id) => readSidecar(store, id)),
    ))
      if (sidecar) yield sidecar;
}

/** `null` when it was deleted in between or is not a plain file. */
async function readSidecar(store: PartialStore, id: UploadId): Promise<PartialMetadata | null> {
  const { calls } = store.context;
  const fd = await ignoreErrno(NOT_A_PLAIN_FILE, calls.open(store.sidecarPath(id), READ_EXISTING));
  if (fd === null) return null;
  try {
    const stat = calls.stat(fd);
    if (!stat.isFile()) return null;
    const text = await calls.text(fd);
    const data = await store.lstat(id);
    const changed = data && data.mtimeMs > stat.mtimeMs ? data.mtimeMs : stat.mtimeMs;
    return { id, text, length: Number(data?.size ?? 0), changed: new Date(Number(changed)) };
  } finally {
    await closeQuietly(calls, fd);
  }
}
