// GET and HEAD of WebDAV: the bytes of a file; a folder is shown by the web page.

import { checkFilePath, ROOT, urlOf } from "../../path.ts";
import { askerOf, prove } from "../../plugins/access.ts";
import { fileAnswer } from "../support/download/file-answer.ts";
import { openFile, visibleEntry } from "../support/download/visible-entry.ts";
import type { Services } from "../support/services.ts";
import { type DavRequest, existingPathOf, noEntry } from "./target.ts";

export async function get(services: Services, dav: DavRequest): Promise<Response> {
  const { request, server } = dav;
  const path = existingPathOf(dav);
  // A folder needs only `list`.
  prove(request, askerOf(request).sees(path) ? [] : "read", path);
  const file = path === ROOT ? null : await openFile(services, request, checkFilePath(path));
  if (file) return await fileAnswer(services, file, { request, server, save: false });
  const entry = await visibleEntry(services, request, path);
  if (entry?.kind !== "folder") throw noEntry();
  // Office wants to see that the folder of a document exists.
  if (request.method === "HEAD") return new Response(null, { headers: { "content-length": "0" } });
  return new Response(null, { status: 303, headers: { location: urlOf(path, "folder") } });
}
