// GET and HEAD of WebDAV: the bytes of a file; a folder is shown by the web page.

import { Problem } from "../../errors.ts";
import { checkFilePath, ROOT, urlOf } from "../../path.ts";
import { askerOf, prove } from "../../plugins/access.ts";
import type { StoredFile } from "../../storage/stored-file.ts";
import { fileAnswer } from "../support/download/file-answer.ts";
import type { Services } from "../support/services.ts";
import { type DavRequest, existingPathOf, noEntry, visibleEntry } from "./target.ts";

export async function get(services: Services, dav: DavRequest): Promise<Response> {
  const { request, server } = dav;
  const path = existingPathOf(dav);
  const asker = askerOf(request);
  // A folder needs only `list`.
  prove(request, asker.sees(path) ? [] : "read", path);
  const file = path === ROOT ? null : await openFile(services, path);
  if (file) {
    const needed = [path, file.entry.target ?? path].find((at) => !asker.can("read", at));
    if (needed === undefined) return await fileAnswer(services, file, { request, server, save: false });
    await file.close();
    prove(request, "read", needed);
  }
  const entry = await visibleEntry(services, dav, path);
  if (entry?.kind !== "folder") throw noEntry();
  // Office wants to see that the folder of a document exists.
  if (request.method === "HEAD") return new Response(null, { headers: { "content-length": "0" } });
  return new Response(null, { status: 303, headers: { location: urlOf(path, "folder") } });
}

/** Null if the path is not that of a file. */
async function openFile({ storage }: Services, path: string): Promise<StoredFile | null> {
  try {
    return await storage.open(checkFilePath(path));
  } catch (error) {
    if (error instanceof Problem && (error.code === "is_folder" || error.code === "not_found")) return null;
    throw error;
  }
}
