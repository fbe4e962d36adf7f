// A link as an account asks for it over HTTP: its limits checked, its password hashed.

import { Problem } from "../../errors.ts";
import type { LinkEdit } from "../database/changes/link-changes.ts";
import type { Passwords } from "../passwords/passwords.ts";

/** The limits of a link, as the API names them. Absent ones stay as they are. */
export interface LinkLimits {
  password?: string | null;
  note?: string;
  /** A date and time, such as `2026-05-01T12:00:00Z`. */
  expires?: string | null;
  downloads?: number | null;
  maxBytes?: number | null;
  maxFiles?: number | null;
  largest?: number | null;
  rate?: number | null;
  askName?: boolean;
}

/** @throws Problem invalid_request for a time that is none; logins_busy */
export async function readLimits(passwords: Passwords, limits: LinkLimits): Promise<LinkEdit> {
  const { password, note, expires, downloads, maxBytes, maxFiles, largest, rate, askName } = limits;
  return {
    ...(password !== undefined && { password: password && (await passwords.hash(password)) }),
    ...(note !== undefined && { note }),
    ...(expires !== undefined && { expires: expires === null ? null : timeOf(expires) }),
    ...(downloads !== undefined && { downloadsLeft: downloads }),
    ...(maxBytes !== undefined && { bytesLeft: maxBytes }),
    ...(maxFiles !== undefined && { filesLeft: maxFiles }),
    ...(largest !== undefined && { largest }),
    ...(rate !== undefined && { rate }),
    ...(askName !== undefined && { askName }),
  };
}

function timeOf(text: string): number {
  const time = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(time)) return time;
  const detail = "The time is not of the form 2026-05-01T12:00:00Z.";
  throw new Problem("invalid_request", detail, {
    errors: [{ code: "invalid_value", pointer: "/expires", detail }],
  });
}
