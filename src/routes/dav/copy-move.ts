// COPY and MOVE: an entry gets another place, or a copy there (RFC 4918 sections 9.8 and 9.9).

import type { MoveRequest } from "../../core/naming/conflict.ts";
import { preconditionFailed } from "../../core/naming/refusals.ts";
import { makeFolder, move as moveEntry } from "../../core/tree/changes.ts";
import { CopyOperation, type Placing } from "../../core/tree/copy.ts";
import { replaceEntry } from "../../core/tree/replace-entry.ts";
import { Problem } from "../../errors.ts";
import { depthOf } from "../../http/dav/depth.ts";
import { destinationOf, overwrites } from "../../http/dav/destination.ts";
import { decodePath, type FilePath } from "../../path.ts";
import { proveBelow } from "../../plugins/access.ts";
import type { Entry } from "../../storage/entry.ts";
import { visibleEntry } from "../support/download/visible-entry.ts";
import { withoutIdleTimeout } from "../support/idle-timeout.ts";
import { moveRequest } from "../support/move-request.ts";
import type { Services } from "../support/services.ts";
import { lockGrants } from "./locks/lock-grants.ts";
import { changedPathOf, type DavRequest, noEntry, requireParent, rootUrl } from "./target.ts";

/** Both ends of a request, and what is there. */
interface Transfer extends MoveRequest {
  source: Entry;
  /** The entry that has the name now. */
  taken: Entry | null;
}

export async function move(services: Services, dav: DavRequest): Promise<Response> {
  const { request } = dav;
  depthOf(request.headers, ["infinity"], "infinity");
  const transfer = await transferOf(services, dav, "move");
  const { from, to } = transfer;
  const recased = await withoutIdleTimeout(services, request, dav.server, async () => {
    if (await changesCase(services, transfer)) return true;
    refuseTaken(transfer);
    const { place } = placing(services, dav, transfer);
    await place(() => moveEntry(services.uploader, transfer));
    return false;
  });
  services.log.changed(request, { did: "moved", path: from, to });
  return new Response(null, { status: transfer.taken && !recased ? 204 : 201 });
}

/**
 * Moves an entry to the same name in another case. Where the file system ignores case, that is the same entry, which must not
 * be put out of its own way.
 * @returns false when it is another entry that has the name
 */
async function changesCase({ uploader }: Services, transfer: Transfer): Promise<boolean> {
  const { from, to, taken } = transfer;
  if (!taken || from.toLowerCase() !== to.toLowerCase()) return false;
  try {
    await moveEntry(uploader, { ...transfer, conflict: "fail" });
    return true;
  } catch (error) {
    if (error instanceof Problem && error.code === "name_taken") return false;
    throw error;
  }
}

export async function copy(services: Services, dav: DavRequest): Promise<Response> {
  const { request } = dav;
  const { uploader } = services;
  const depth = depthOf(request.headers, ["infinity", "0"], "infinity");
  const transfer = await transferOf(services, dav, "copy");
  const { from, to, source } = transfer;
  refuseTaken(transfer);
  const { place, over } = placing(services, dav, transfer);
  await withoutIdleTimeout(services, request, dav.server, async () => {
    if (depth === "0" && source.kind === "folder") return await place(() => copyAlone(services, transfer));
    const copying = await CopyOperation.begin(uploader, transfer, over);
    // The entry in the way stays until everything is copied.
    await copying.run(new AbortController().signal, place);
  });
  services.log.changed(request, { did: "copied", path: from, to });
  return new Response(null, { status: transfer.taken ? 204 : 201 });
}

/** @throws Problem */
async function transferOf(services: Services, dav: DavRequest, kind: "move" | "copy"): Promise<Transfer> {
  const { headers } = dav.request;
  const from = changedPathOf(dav);
  const to = decodePath(destinationOf(headers, rootUrl(dav)), "/headers/destination");
  const conflict = overwrites(headers) ? "replace" : "fail";
  const paths = moveRequest(services, dav.request, kind, { from, to, conflict });
  const source = await visibleEntry(services, dav.request, paths.from);
  if (!source) throw noEntry();
  if (paths.from === paths.to) throw new Problem("not_allowed", "Source and destination are the same.");
  await requireParent(services, dav, paths.to);
  const taken = await visibleEntry(services, dav.request, paths.to);
  const may = { ...(await lockGrants(services, dav, from)), ...paths.may };
  return { ...paths, may, source, taken };
}

/** @throws Problem precondition_failed */
function refuseTaken({ taken, conflict }: Transfer): void {
  if (taken && conflict === "fail") throw preconditionFailed("Overwrite");
}

/** Copies a folder without its entries. */
async function copyAlone({ uploader, storage }: Services, { from, to, may }: Transfer): Promise<void> {
  await makeFolder(uploader, to, may);
  const set = storage.properties.of(from);
  if (set.size > 0) await storage.properties.change(to, { set, remove: [] });
}

/**
 * Returns a function that runs the step which gives an entry its place, after a folder in its way was put aside.
 * @throws Problem
 */
function placing(
  { uploader, trash }: Services,
  { request }: DavRequest,
  { from, to, source, taken, may }: Transfer,
): { place: Placing; over: boolean } {
  // A file over a file is one step of the storage.
  if (!taken || (taken.kind === "file" && source.kind === "file"))
    return { place: (step) => step(), over: false };
  refuseOverlap(from, to);
  proveBelow(request, "delete", to);
  return { place: (step) => replaceEntry(uploader, to, { keep: trash !== null, may }, step), over: true };
}

/** Putting the destination aside would take the source along, or the other way round. */
function refuseOverlap(from: FilePath, to: FilePath): void {
  if (!to.startsWith(`${from}/`) && !from.startsWith(`${to}/`)) return;
  throw new Problem("into_itself", "One of the two is inside the other.");
}
