// The target of a WebDAV request: its path below /dav/, the URL of the root as clients see it, and the entry that is changed.

import { Problem } from "../../errors.ts";
import { targetOf } from "../../http/target.ts";
import { checkFilePath, decodePath, type FilePath, type FolderPath, folderOf, ROOT } from "../../path.ts";
import { askerOf, prove } from "../../plugins/access.ts";
import { publicPrefix } from "../../plugins/request-info.ts";
import type { Entry } from "../../storage/entry.ts";
import { visibleEntry } from "../support/download/visible-entry.ts";
import type { BunServer } from "../support/idle-timeout.ts";
import type { Services } from "../support/services.ts";

/** The URL path below which the files are. */
export const DAV = "/dav";

/** A WebDAV request. */
export interface DavRequest {
  request: Request;
  server: BunServer;
}

/**
 * The path of the entry.
 * @throws Problem invalid_path; invalid_request for a fragment: a client that forgets to encode `#` would reach the folder above
 */
export function pathOf({ request }: DavRequest): FolderPath {
  if (request.url.includes("#")) {
    const detail = "The URL has a fragment (`#`): encode the character as %23.";
    throw new Problem("invalid_request", detail, {
      errors: [{ code: "invalid_value", pointer: "/path", detail }],
    });
  }
  const { path } = targetOf(request);
  return decodePath(path.slice(DAV.length + 1));
}

/**
 * As `pathOf`, for reading: a name that no entry can have is one that does not exist. Clients look for such names, as macOS
 * does for `._.`.
 * @throws Problem not_found
 */
export function existingPathOf(dav: DavRequest): FolderPath {
  try {
    return pathOf(dav);
  } catch (error) {
    if (error instanceof Problem && error.code === "invalid_path") throw noEntry(error);
    throw error;
  }
}

/** As `pathOf`, for an entry that is made, changed or removed. @throws Problem not_allowed for the root */
export function changedPathOf(dav: DavRequest): FilePath {
  const path = pathOf(dav);
  if (path === ROOT) throw new Problem("not_allowed", "This is the root folder: it can only be read.");
  return checkFilePath(path);
}

/** The URL path of the root folder as the client sees it, with a slash at its end. */
export function rootUrl({ request }: DavRequest): string {
  return `${publicPrefix(request)}${DAV}/`;
}

/**
 * As `visibleEntry`, for a change of the entry itself, or a lock that keeps others from changing it. New entries may be completed by
 * the client that has made them; to change others is to replace them.
 * @throws Problem link_in_path; as `prove`
 */
export async function changedEntry(
  services: Services,
  { request }: DavRequest,
  path: FilePath,
): Promise<Entry | null> {
  const entry = await visibleEntry(services, request, path);
  if (!entry) return null;
  if (entry.target !== undefined)
    throw new Problem(
      "link_in_path",
      "This is a link, or a folder of the path is one: nothing is changed through links.",
    );
  if (!services.uploader.fresh.has(path, entry, askerOf(request).maker)) prove(request, "replace", path);
  return entry;
}

export function noEntry(cause?: unknown): Problem {
  return new Problem("not_found", "No file or folder has this path.", { cause });
}

/** @throws Problem no_parent unless the folder of a new entry exists (RFC 4918 sections 9.3.1, 9.7.1 and 9.8.5) */
export async function requireParent(services: Services, dav: DavRequest, path: FilePath): Promise<void> {
  const entry = await visibleEntry(services, dav.request, folderOf(path));
  if (entry?.kind !== "folder")
    throw new Problem("no_parent", "The folder of this path does not exist: make it first (MKCOL).");
}
