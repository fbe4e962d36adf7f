// The entry at a path as far as the asker may see it, or the open file, also behind a link.

import { Problem } from "../../../errors.ts";
import type { FilePath, FolderPath } from "../../../path.ts";
import { askerOf, prove } from "../../../plugins/access.ts";
import type { Entry } from "../../../storage/entry.ts";
import type { StoredFile } from "../../../storage/stored-file.ts";
import type { Services } from "../services.ts";

/** The entry at a path; null also for a link to a place that the asker may not see. @throws Problem as `Storage.find` */
export async function visibleEntry(
  { storage }: Services,
  request: Request,
  path: FilePath | FolderPath,
): Promise<Entry | null> {
  const entry = await storage.find(path);
  return entry?.target !== undefined && !askerOf(request).sees(entry.target) ? null : entry;
}

/** Opens a file to read it; null if the path is not that of a file. @throws Problem as `prove` */
export async function openFile(
  { storage }: Services,
  request: Request,
  path: FilePath,
): Promise<StoredFile | null> {
  const file = await storage.open(path).catch((error: unknown) => {
    if (error instanceof Problem && (error.code === "is_folder" || error.code === "not_found")) return null;
    throw error;
  });
  if (!file) return null;
  try {
    for (const at of [path, file.entry.target ?? path]) prove(request, "read", at);
  } catch (error) {
    await file.close();
    throw error;
  }
  return file;
}
