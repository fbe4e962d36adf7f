// Entries that were put aside to be replaced when the server was killed: they get their names back at the next start.

import { asProblem } from "../../../errors.ts";
import { type Properties, trashPlace } from "../../properties.ts";
import type { TrashId } from "../../trash.ts";
import type { DiskTrash } from "../tree/trash.ts";

/** Never throws: those that cannot get their names back stay in the trash. */
export async function putBackAside(
  trash: DiskTrash,
  properties: Properties,
  warn: (message: string) => void,
): Promise<void> {
  // Without a trash there are none; requests that use the trash report why it cannot be read.
  const ids = await trash.aside().catch(() => []);
  for (const id of ids)
    await putBack(trash, properties, id, warn).catch((error: unknown) => {
      warn(`An entry that was being replaced cannot be put back: ${asProblem(error).detail}`);
    });
}

async function putBack(
  trash: DiskTrash,
  properties: Properties,
  id: TrashId,
  warn: (message: string) => void,
): Promise<void> {
  const path = (await trash.find(id))?.path;
  if (path === undefined) {
    // Also deletes its sidecar.
    await trash.ids();
    return await trash.keep(id);
  }
  try {
    await trash.restore(id, path, { replace: false });
    await properties.move(trashPlace(id), path);
    warn(`"${path}" was being replaced when the server was killed: it has its name again.`);
  } catch (error) {
    const { detail } = asProblem(error);
    await trash.keep(id);
    warn(
      `"${path}" was being replaced when the server was killed, and cannot have its name again (${detail}): it is kept in the trash, where --trash shows it.`,
    );
  }
}
