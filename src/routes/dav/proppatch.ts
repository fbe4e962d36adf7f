// PROPPATCH: changes properties of an entry, all or none (RFC 4918 section 9.2).

import { changeProperties } from "../../core/tree/change-properties.ts";
import { Problem } from "../../errors.ts";
import { multistatus, type Propstat } from "../../http/dav/multistatus.ts";
import { type PropertyChange, propertyChanges } from "../../http/dav/proppatch-body.ts";
import { elementOf } from "../../http/dav/xml.ts";
import { httpDate } from "../../http/time/http-date.ts";
import { urlOf } from "../../path.ts";
import { askerOf, prove } from "../../plugins/access.ts";
import type { Services } from "../support/services.ts";
import { lockGrants } from "./locks/lock-grants.ts";
import { isProtected, isTime } from "./properties.ts";
import { changedEntry, changedPathOf, type DavRequest, noEntry, rootUrl } from "./target.ts";
import { xmlBody } from "./xml-body.ts";

/** Seconds since 1970, which some clients send. */
const UNIX_TIME = /^\s*(\d{1,11})(?:\.\d*)?\s*$/;

export async function proppatch(services: Services, dav: DavRequest): Promise<Response> {
  const { request } = dav;
  const { uploader } = services;
  const path = changedPathOf(dav);
  prove(request, "write", path);
  const entry = await changedEntry(services, dav, path);
  if (!entry) throw noEntry();
  const changes = propertyChanges(await xmlBody(services, request));
  const may = await lockGrants(services, dav, path);
  const href = urlOf(path, entry.kind, rootUrl(dav));
  const isRefused = (change: PropertyChange): boolean =>
    isTime(change.name) ? timeOf(change) === null : isProtected(change.name);
  if (changes.some(isRefused))
    return refusal(href, changes, isRefused, { status: 403, condition: "cannot-modify-protected-property" });
  const times = changes.filter(({ name }) => isTime(name));
  const modified = times.map(timeOf).at(-1) ?? null;
  const dead = inOrder(changes.filter(({ name }) => !isTime(name)));
  try {
    await changeProperties(uploader, path, { dead, modified, may, maker: askerOf(request).maker });
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "too_many_properties") throw error;
    services.log.problem(request, error);
    return refusal(href, changes, ({ name }) => !isTime(name), { status: 507 });
  }
  return multistatus(href, [{ status: 200, properties: elementsOf(changes) }]);
}

/** Nothing was changed: some changes are refused, and the others depend on them. */
function refusal(
  href: string,
  changes: readonly PropertyChange[],
  isRefused: (change: PropertyChange) => boolean,
  why: Omit<Propstat, "properties">,
): Response {
  const others = changes.filter((change) => !isRefused(change));
  return multistatus(href, [
    { ...why, properties: elementsOf(changes.filter(isRefused)) },
    ...(others.length > 0 ? ([{ status: 424, properties: elementsOf(others) }] as const) : []),
  ]);
}

/** The last change of a property counts. */
function inOrder(changes: readonly PropertyChange[]) {
  const set = new Map<string, string>();
  const remove = new Set<string>();
  for (const { name, element } of changes) {
    if (element === null) {
      set.delete(name);
      remove.add(name);
    } else set.set(name, element);
  }
  return { set, remove: [...remove] };
}

/** Null for a property that is removed, and for a text that is no time. */
function timeOf({ element, text }: PropertyChange): Date | null {
  if (element === null) return null;
  const [, seconds] = UNIX_TIME.exec(text) ?? [];
  const time = seconds === undefined ? httpDate(text) : Number(seconds) * 1000;
  return Number.isFinite(time) ? new Date(time) : null;
}

function elementsOf(changes: readonly PropertyChange[]): string {
  return [...new Set(changes.map(({ name }) => elementOf(name)))].join("");
}
