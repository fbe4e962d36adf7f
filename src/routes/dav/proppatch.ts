// PROPPATCH: changes properties of an entry, all or none (RFC 4918 section 9.2).

import { multistatus } from "../../http/dav/multistatus.ts";
import { type PropertyChange, propertyChanges } from "../../http/dav/proppatch-body.ts";
import { elementOf } from "../../http/dav/xml.ts";
import { httpDate } from "../../http/time/http-date.ts";
import type { FilePath } from "../../path.ts";
import { askerOf, prove } from "../../plugins/access.ts";
import type { Entry } from "../../storage/entry.ts";
import type { Services } from "../support/services.ts";
import { isProtected } from "./properties.ts";
import { xmlBody } from "./propfind.ts";
import { changedPathOf, type DavRequest, hrefOf, noEntry, rootUrl } from "./target.ts";

/** The modification time, as Windows sets it. */
const WINDOWS_MODIFIED = "{urn:schemas-microsoft-com:}Win32LastModifiedTime";

export async function proppatch(services: Services, dav: DavRequest): Promise<Response> {
  const { request } = dav;
  const { storage } = services;
  const path = changedPathOf(dav);
  prove(request, "write", path);
  const entry = await storage.find(path);
  if (!entry) throw noEntry();
  proveChange(services, request, path, entry);
  const changes = propertyChanges(await xmlBody(services, request));
  const href = hrefOf(rootUrl(dav), path, entry.kind);
  const refused = changes.filter((change) => isProtected(change.name) || !isTime(change));
  if (refused.length > 0) {
    const others = changes.filter((change) => !refused.includes(change));
    return multistatus(href, [
      { status: 403, properties: elementsOf(refused), condition: "cannot-modify-protected-property" },
      ...(others.length > 0 ? ([{ status: 424, properties: elementsOf(others) }] as const) : []),
    ]);
  }
  for (const { text } of changes) await setTime(services, request, path, new Date(httpDate(text)));
  return multistatus(href, [{ status: 200, properties: elementsOf(changes) }]);
}

/** New entries may be completed by who has made them; others are changed by those who may replace them. @throws Problem */
function proveChange({ uploader }: Services, request: Request, path: FilePath, entry: Entry): void {
  if (!uploader.fresh.has(path, entry, askerOf(request).maker)) prove(request, "replace", path);
}

async function setTime(
  { storage, uploader }: Services,
  request: Request,
  path: FilePath,
  modified: Date,
): Promise<void> {
  const { maker } = askerOf(request);
  await uploader.track(() =>
    uploader.pathLocks.withLock(path, async () => {
      const before = await storage.find(path);
      const fresh = before !== null && uploader.fresh.has(path, before, maker);
      const entry = await storage.setModified(path, modified);
      if (fresh) uploader.fresh.add(path, entry, maker);
    }),
  );
}

function isTime({ name, content, text }: PropertyChange): boolean {
  return name === WINDOWS_MODIFIED && content !== null && Number.isFinite(httpDate(text));
}

function elementsOf(changes: readonly PropertyChange[]): string {
  return [...new Set(changes.map(({ name }) => elementOf(name)))].join("");
}
