// The notes of kept uploads: small texts, each replaced in one step.

import { constants } from "node:fs";
import type { PartialMetadata } from "../../storage.ts";
import { isUploadId, type UploadId } from "../../upload-id.ts";
import type { DirHandle } from "../at/handle.ts";
import { ignoreErrno } from "../os/errno.ts";
import type { DiskContext } from "../write/publish.ts";
import { closeQuietly, NOT_A_PLAIN_FILE, type PartialStore } from "./store.ts";

const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const OLD = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
// Notes read together: enough to keep the thread pool busy.
const TOGETHER = 32;

export async function writeSidecar(kept: PartialStore, id: UploadId, text: string): Promise<void> {
  await writeText(kept.context, kept.folder, `${id}.note`, text);
}

/** Written aside, synced, renamed, and the folder synced: at every moment one whole text has the name. */
export async function writeText(
  context: DiskContext,
  folder: DirHandle,
  name: string,
  text: string,
): Promise<void> {
  const { calls, temporaries, folders } = context;
  const aside = `${temporaries.path}/${crypto.randomUUID()}`;
  const fd = await calls.open(aside, NEW, 0o600);
  try {
    try {
      await calls.write(Bun.file(fd), new TextEncoder().encode(text));
      await calls.datasync(fd);
    } finally {
      await closeQuietly(calls, fd);
    }
    await calls.rename(aside, `${folder.path}/${name}`);
  } catch (error) {
    await calls.unlink(aside).catch(() => {
      // It goes at the next start.
    });
    throw error;
  }
  await folders.sync(folder);
}

/** @throws the system's error */
export async function* readSidecars(kept: PartialStore): AsyncGenerator<PartialMetadata, void, void> {
  const ids = (await kept.context.calls.readdir(kept.folder.path)).flatMap(({ name }) => {
    const id = name.endsWith(".note") ? name.slice(0, -".note".length) : "";
    return isUploadId(id) ? [id] : [];
  });
  for (let at = 0; at < ids.length; at += TOGETHER)
    for (const note of await Promise.all(ids.slice(at, at + TOGETHER).map((id) => readNote(kept, id))))
      if (note) yield note;
}

/** `null` when it was forgotten meanwhile, or is not ours. */
async function readNote(kept: PartialStore, id: UploadId): Promise<PartialMetadata | null> {
  const { calls } = kept.context;
  const fd = await ignoreErrno(NOT_A_PLAIN_FILE, calls.open(kept.note(id), OLD));
  if (fd === null) return null;
  try {
    const stat = calls.stat(fd);
    if (!stat.isFile()) return null;
    const text = await calls.text(fd);
    const data = await kept.lstat(id);
    const changed = data && data.mtimeMs > stat.mtimeMs ? data.mtimeMs : stat.mtimeMs;
    return { id, text, length: Number(data?.size ?? 0), changed: new Date(Number(changed)) };
  } finally {
    await closeQuietly(calls, fd);
  }
}
