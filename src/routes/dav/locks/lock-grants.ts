// The locks that a WebDAV request brings along: its `If` header must hold, and its tokens count as far as they are of the asker.

import type { LockGrants } from "../../../core/locks/locks.ts";
import type { LockedProblem } from "../../../core/locks/refusals.ts";
import { preconditionFailed } from "../../../core/naming/refusals.ts";
import { Problem } from "../../../errors.ts";
import { pathBelow } from "../../../http/dav/destination.ts";
import { type IfCondition, type IfList, ifLists, submittedTokens } from "../../../http/dav/if-header.ts";
import { lockToken } from "../../../http/dav/lock-headers.ts";
import { conditionAnswer } from "../../../http/dav/multistatus.ts";
import { escapeXml } from "../../../http/dav/xml.ts";
import { decodePath, type FilePath, type FolderPath, urlOf } from "../../../path.ts";
import { askerOf } from "../../../plugins/access.ts";
import type { Services } from "../../support/services.ts";
import { type DavRequest, pathOf, rootUrl } from "../target.ts";

/** @param path that of the request @throws Problem precondition_failed, invalid_request */
export async function lockGrants(services: Services, dav: DavRequest, path: FilePath): Promise<LockGrants> {
  const { request } = dav;
  const asker = askerOf(request);
  const read = asker.can("list", path);
  const lists = ifLists(request.headers);
  // Word 2016 sends no `If` when it saves, and its lock in the header of UNLOCK.
  const alone = lists.length === 0 && request.headers.has("lock-token");
  if (lists.length === 0 && !alone) return { read };
  if (!alone && !(await someHolds(services, dav, path, lists))) throw preconditionFailed("If");
  const tokens = alone ? [lockToken(request.headers)] : submittedTokens(lists);
  return { read, lockTokens: services.uploader.locks.ownTokens(tokens, asker.account) };
}

async function someHolds(
  services: Services,
  dav: DavRequest,
  path: FilePath,
  lists: readonly IfList[],
): Promise<boolean> {
  for (const { resource, conditions } of lists) {
    const at = resource === null ? path : pathOfTag(resource, rootUrl(dav));
    const matches = await stateOf(services, dav, at, conditions);
    if (conditions.every((condition) => matches(condition) !== condition.not)) return true;
  }
  return false;
}

/**
 * Which conditions are true of an entry. Only locks of the asker are, and entity tags where the asker may list: others would
 * reveal what is there.
 */
async function stateOf(
  { storage, uploader }: Services,
  { request }: DavRequest,
  path: FilePath | FolderPath | null,
  conditions: readonly IfCondition[],
): Promise<(condition: IfCondition) => boolean> {
  const asker = askerOf(request);
  if (path === null) return () => false;
  const asksEtag = conditions.some(({ kind }) => kind === "etag") && asker.can("list", path);
  const entry = asksEtag ? await storage.find(path) : null;
  const covering = uploader.locks.covering(path).filter(({ account }) => account === asker.account);
  return ({ kind, value }) =>
    kind === "etag"
      ? entry?.kind === "file" && entry.etag === value
      : covering.some(({ token }) => token === value);
}

/** Null for a URL that leads elsewhere, which has no state. */
function pathOfTag(url: string, root: string): FolderPath | null {
  const below = pathBelow(url, root);
  try {
    return below === null ? null : decodePath(below);
  } catch (error) {
    if (error instanceof Problem && error.code === "invalid_path") return null;
    throw error;
  }
}

/** The answer to a request that a lock refuses (RFC 4918 section 16); it names the place of the lock to those who may list it. */
export function lockedAnswer(dav: DavRequest, { lock }: LockedProblem): Response {
  const path = askerOf(dav.request).can("list", lock.path) ? lock.path : pathOf(dav);
  const condition = dav.request.method === "LOCK" ? "no-conflicting-lock" : "lock-token-submitted";
  const href = escapeXml(urlOf(path, "file", rootUrl(dav)));
  return conditionAnswer(423, condition, `<D:href>${href}</D:href>`);
}
