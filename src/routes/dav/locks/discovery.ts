// Locks as properties: those of an entry, and the kinds that the server has (RFC 4918 sections 15.8 and 15.10).

import type { Asker } from "../../../access/asker.ts";
import type { Lock } from "../../../core/locks/lock-table.ts";
import type { Locks } from "../../../core/locks/locks.ts";
import { escapeXml } from "../../../http/dav/xml.ts";
import { urlOf } from "../../../path.ts";
import { askerOf } from "../../../plugins/access.ts";
import type { Entry } from "../../../storage/entry.ts";
import type { Services } from "../../support/services.ts";
import { type DavRequest, rootUrl } from "../target.ts";

export const SUPPORTED_LOCKS = ["exclusive", "shared"]
  .map(
    (scope) =>
      `<D:lockentry><D:lockscope><D:${scope}/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry>`,
  )
  .join("");

/** How locks are shown to one client. */
export interface LockReader {
  locks: Locks;
  asker: Asker;
  /** See `rootUrl`. */
  root: string;
  /** Some versions of Office do not understand `lockroot`. */
  userAgent: string | null;
}

export function lockReader({ uploader }: Services, dav: DavRequest): LockReader {
  const { request } = dav;
  return {
    locks: uploader.locks,
    asker: askerOf(request),
    root: rootUrl(dav),
    userAgent: request.headers.get("user-agent"),
  };
}

/** The content of the property `lockdiscovery`. Locks made at a folder that the client may not list are not shown. */
export function lockDiscovery(reader: LockReader, entry: Entry): string {
  const { locks, asker } = reader;
  if (locks.none) return "";
  return locks
    .covering(entry.path)
    .filter((lock) => asker.can("list", lock.path) || lock.account === asker.account)
    .map((lock) => activeLock(reader, lock, lock.path === entry.path ? entry.kind : "folder"))
    .join("");
}

/** A token is shown to those who can use it: the account that made the lock, and owners, who may release every lock. */
export function activeLock(
  { locks, asker, root, userAgent }: LockReader,
  { token, path, depth, scope, owner, account, expires }: Lock,
  kind: Entry["kind"],
): string {
  const seconds = Math.max(0, Math.ceil((expires - locks.now()) / 1000));
  return `<D:activelock><D:locktype><D:write/></D:locktype><D:lockscope><D:${scope}/></D:lockscope><D:depth>${depth}</D:depth>${
    owner === "" ? "" : `<D:owner>${owner}</D:owner>`
  }<D:timeout>Second-${seconds}</D:timeout>${
    account === asker.account || asker.owner
      ? `<D:locktoken><D:href>${escapeXml(token)}</D:href></D:locktoken>`
      : ""
  }${
    /^Microsoft (?:Office|Data Access)/i.test(userAgent ?? "")
      ? ""
      : `<D:lockroot><D:href>${escapeXml(urlOf(path, kind, root))}</D:href></D:lockroot>`
  }</D:activelock>`;
}
