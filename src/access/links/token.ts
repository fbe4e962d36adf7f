// The token in the URL of a link: its id, then a seal that only this database can make. It can be shown again, and is stored nowhere.

import type { Link, Snapshot } from "../database/snapshot.ts";
import { isSame, sealOf } from "../secrets.ts";

const ID_LENGTH = 8;
/** Characters of base64url: 132 bits. */
const SEAL_LENGTH = 22;
const TOKEN = /^[\w-]{30}$/;

/** The token of a link. A new serial is a new token. */
export function tokenOf(key: Uint8Array, { id, serial }: Pick<Link, "id" | "serial">): string {
  return id + sealOf(key, id, serial).slice(0, SEAL_LENGTH);
}

/** The URL of a link on its server, without the base path. */
export function urlOfLink(key: Uint8Array, link: Pick<Link, "id" | "serial">): string {
  return `/s/${tokenOf(key, link)}`;
}

/** The link of a token, in whatever state it is; null when no link has this token. */
export function linkOfToken({ linkKey, links }: Snapshot, token: string): Link | null {
  if (!TOKEN.test(token)) return null;
  const link = links.get(token.slice(0, ID_LENGTH));
  return link && isSame(token, tokenOf(linkKey, link)) ? link : null;
}

/** Replaces the seals of tokens in the path of a URL, for logs: the id alone opens nothing. */
export function withoutSeals(path: string): string {
  return path.replace(/(\/s\/[\w-]{8})[\w-]+/g, "$1…");
}
