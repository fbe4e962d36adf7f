// Makes files and folders that are already there durable, even if another program wrote them.

import { type FilePath, folderOf, segmentsOf } from "../../../path.ts";
import type { DiskContext } from "../at/context.ts";
import { closeDir, openBeneath } from "../at/handle.ts";
import { locateExisting } from "../at/locate.ts";
import { closeQuietly } from "../os/calls.ts";
import { READ_EXISTING } from "../os/open-flags.ts";

/** See `Storage.makeDurable`. @throws Problem; the system's error */
export async function makeFileDurable(context: DiskContext, path: FilePath): Promise<void> {
  const { calls } = context;
  const { folder, at } = await locateExisting(context, path);
  try {
    const fd = await calls.open(at, READ_EXISTING);
    await calls.sync(fd).finally(() => closeQuietly(calls, fd));
  } finally {
    await closeDir(calls, folder);
  }
  await syncDownTo(context, segmentsOf(folderOf(path)));
}

/** Syncs a folder and all above it. */
export async function syncDownTo(context: DiskContext, segments: readonly string[]): Promise<void> {
  const { calls, dirSync, root } = context;
  for (let depth = 0; depth <= segments.length; depth += 1) {
    const folder = await openBeneath(calls, root, segments.slice(0, depth), null);
    await dirSync.sync(folder).finally(() => closeDir(calls, folder));
  }
}
