// A visit: one browser at one link, for a day. A sealed cookie remembers it, so that the server keeps nothing about visitors.

import { Problem } from "../../errors.ts";
import { checkFilePath } from "../../path.ts";
import { DAY } from "../../units.ts";
import type { Link } from "../database/snapshot.ts";
import { isSame, newId, sealOf } from "../secrets.ts";

/** Milliseconds after which a visit, and the password that was given for it, count no more. */
export const VISIT_LIFETIME = DAY;
/** Characters of a sender's name. */
export const LONGEST_NAME = 60;
/** Characters of a cookie that is looked at. */
const LONGEST_COOKIE = 1024;

export interface Visit {
  /** Of the visitor, and no secret: the folder of a drop ends in it, and senders get it as their receipt. */
  id: string;
  /** When it began, in milliseconds since 1970. */
  began: number;
  /** The name that the sender gave; `""` for none. */
  name: string;
  /** Whether the password of the link was given. */
  unlocked: boolean;
}

export function newVisit(now: number): Visit {
  return { id: newId(), began: now, name: "", unlocked: false };
}

/** The value of the cookie. It holds for this link until its URL or its password changes. */
export function sealVisit(key: Uint8Array, link: Link, visit: Visit): string {
  const text = Buffer.from(JSON.stringify(visit)).toString("base64url");
  return `${text}.${sealOfVisit(key, link, text)}`;
}

/** @returns null when the cookie was not sealed here for this link, or is too old */
export function openVisit(key: Uint8Array, link: Link, cookie: string, now: number): Visit | null {
  const [text = "", seal = ""] = cookie.length > LONGEST_COOKIE ? [] : cookie.split(".");
  if (!isSame(seal, sealOfVisit(key, link, text))) return null;
  const visit: Visit = JSON.parse(Buffer.from(text, "base64url").toString());
  return visit.began <= now && now < visit.began + VISIT_LIFETIME ? visit : null;
}

function sealOfVisit(key: Uint8Array, { id, serial, password }: Link, text: string): string {
  return sealOf(key, "visit", id, serial, password ?? "", text);
}

/** The name of a visit's folder in a drop: `2026-05-01 Anna 3kF9x2Qa`. */
export function folderOfVisit({ id, began, name }: Visit): string {
  return [new Date(began).toISOString().slice(0, 10), name, id].filter((part) => part !== "").join(" ");
}

/**
 * A name as a sender wrote it, as part of the name of a folder.
 * @throws Problem invalid_request for a name that is too long, or that no folder can have
 */
export function checkSender(text: string): string {
  const name = text.normalize("NFC").trim().replace(/\s+/g, " ");
  if (name === "") return "";
  const refuse = (detail: string): Problem =>
    new Problem("invalid_request", detail, {
      errors: [{ code: "invalid_value", pointer: "/name", detail }],
    });
  if ([...name].length > LONGEST_NAME)
    throw refuse(`Your name is longer than ${LONGEST_NAME} characters: shorten it.`);
  if (/[\p{C}\p{Zl}\p{Zp}/\\]/u.test(name))
    throw refuse("Your name contains a slash or an invisible character: write it without.");
  try {
    checkFilePath(`0 ${name} 0`, "/name");
  } catch {
    throw refuse("No folder can have this name: write letters and digits.");
  }
  return name;
}
