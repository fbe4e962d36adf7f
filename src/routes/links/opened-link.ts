// Opens the link of a request: finds it by its token, checks its password, and remembers the visit in a cookie.

import type { Asker } from "../../access/asker.ts";
import type { Link } from "../../access/database/snapshot.ts";
import { linkGone } from "../../access/links/link-state.ts";
import { newVisit, openVisit, sealVisit, VISIT_LIFETIME, type Visit } from "../../access/links/visit.ts";
import { Problem } from "../../errors.ts";
import { cookieIn, setCookie } from "../../http/cookies.ts";
import { isSecure } from "../../plugins/access.ts";
import { publicPrefix, requestInfoOf } from "../../plugins/request-info.ts";
import type { Entry } from "../../storage/entry.ts";
import type { Services } from "../support/services.ts";
import type { AnswerHeaders } from "../uploads/dialect.ts";

const COOKIE = "sluice-visit";

/** The problems of every request that opens a link. */
export const LINK_PROBLEMS = [
  "not_found",
  "link_password",
  "link_gone",
  "too_many_logins",
  "logins_busy",
] as const;

/** A link that is open for this request. */
export interface OpenedLink {
  link: Link;
  asker: Asker;
  entry: Entry;
  visit: Visit;
  /** Whether the visit began with an earlier request: clients without cookies begin one with each. */
  returning: boolean;
}

/** The link of a token that is not closed. @throws Problem not_found, link_gone */
export function findLink({ links }: Services, token: string): { link: Link; asker: Asker } {
  const link = links.find(token);
  if (!link) throw new Problem("not_found", "No link has this address. Check that all of it was copied.");
  const asker = links.askerOf(link);
  if (!asker) throw linkGone();
  return { link, asker };
}

/** The visit of a request; null when its cookie is missing, too old, or of another link. */
export function visitOf({ access }: Services, request: Request, link: Link): Visit | null {
  const cookie = cookieIn(request.headers, COOKIE);
  return cookie ? openVisit(access.snapshot.linkKey, link, cookie, access.now()) : null;
}

/**
 * Opens a link, and lets its asker make the request.
 * @throws Problem not_found, link_gone, link_password, too_many_logins, logins_busy
 */
export async function openLink(services: Services, request: Request, token: string): Promise<OpenedLink> {
  const { link, asker } = findLink(services, token);
  const known = visitOf(services, request, link);
  if (link.password !== null && !known?.unlocked) await unlockByHeader(services, request, link);
  const info = requestInfoOf(request);
  if (info) info.asker = asker;
  const visit = known ?? newVisit(services.access.now());
  return { link, asker, visit, returning: known !== null, entry: await entryOf(services, link, asker) };
}

/** The entry of a link. Without one, the link is closed for good. @throws Problem link_gone */
export async function entryOf({ storage, links }: Services, link: Link, asker: Asker): Promise<Entry> {
  const entry = await storage.find(link.path);
  const kind = link.kind === "file" ? "file" : "folder";
  if (entry?.kind !== kind) {
    await links.close(link);
    throw linkGone();
  }
  // A symbolic link that leads elsewhere was put in its place.
  if (entry.target !== undefined && !asker.can(link.kind === "drop" ? "write" : "read", entry.target))
    throw linkGone();
  return entry;
}

/** The `Set-Cookie` header that remembers a visit, for this link only. */
export function rememberVisit(
  { access, config }: Services,
  request: Request,
  set: AnswerHeaders,
  token: string,
  link: Link,
  visit: Visit,
): void {
  set.headers["set-cookie"] = setCookie(COOKIE, sealVisit(access.snapshot.linkKey, link, visit), {
    path: `${publicPrefix(request)}/s/${token}`,
    maxAge: VISIT_LIFETIME / 1000,
    secure: isSecure(config, request),
  });
}

/** Programs send the password with each request, as that of Basic. @throws Problem link_password, … */
async function unlockByHeader({ links }: Services, request: Request, link: Link): Promise<void> {
  const [, value] = /^Basic +(\S+) *$/i.exec(request.headers.get("authorization") ?? "") ?? [];
  if (value === undefined)
    throw new Problem("link_password", "This link has a password: enter it on the page of the link.");
  const login = Buffer.from(value, "base64").toString();
  await links.unlock(link, login.slice(login.indexOf(":") + 1), requestInfoOf(request)?.client, true);
}
