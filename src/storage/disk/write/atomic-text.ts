// Replaces a small text file in one step.

import type { DiskContext } from "../at/context.ts";
import type { DirHandle } from "../at/handle.ts";
import { closeQuietly } from "../os/calls.ts";
import { CREATE_NEW } from "../os/open-flags.ts";

/** Writes and syncs a temporary file, renames it over the target and syncs the folder, so the target is always complete. */
export async function writeText(
  context: DiskContext,
  folder: DirHandle,
  name: string,
  text: string,
): Promise<void> {
  const { calls, temporaries, dirSync } = context;
  const aside = `${temporaries.path}/${crypto.randomUUID()}`;
  const fd = await calls.open(aside, CREATE_NEW, 0o600);
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
      // The next start deletes it.
    });
    throw error;
  }
  await dirSync.sync(folder);
}
