// The modification time of a file as clients send it: in headers, in a form field, or in the metadata of an upload.

import { DAY } from "../../units.ts";
import type { Metadata } from "../tus/metadata.ts";
import { httpDate } from "./http-date.ts";

const SECONDS = /^\d{1,12}(?:\.\d{1,9})?$/;
const MILLISECONDS = /^\d{1,15}$/;
/** Maximum characters read of the value of a form field. */
export const MAX_TIME_CHARACTERS = 32;

/**
 * The time of a request: `X-OC-Mtime` in seconds since 1970, as ownCloud, Nextcloud and rclone send it, else `Last-Modified`.
 * @returns null without one, and for an invalid value: the upload matters more, and the answer has the actual time
 */
export function timeInHeaders(headers: Headers): Date | null {
  return (
    secondsIn(headers.get("x-oc-mtime") ?? "") ?? plausible(httpDate(headers.get("last-modified") ?? ""))
  );
}

/** The header which confirms that the file has the time of `X-OC-Mtime`. @param modified the time of the file in ISO 8601 */
export function timeAccepted(headers: Headers, modified: string): Record<string, string> {
  const requested = secondsIn(headers.get("x-oc-mtime") ?? "");
  return requested?.toISOString() === modified ? { "x-oc-mtime": "accepted" } : {};
}

/** The time in tus metadata: `lastModified` in milliseconds, or `mtime` in seconds, as ownCloud Infinite Scale has it. */
export function timeInMetadata(metadata: Metadata): Date | null {
  const text = (key: string): string => new TextDecoder().decode(metadata.get(key));
  return millisecondsIn(text("lastModified")) ?? secondsIn(text("mtime"));
}

/** The `lastModified` of a `File` in a browser. */
export function millisecondsIn(text: string): Date | null {
  return MILLISECONDS.test(text.trim()) ? plausible(Number(text)) : null;
}

function secondsIn(text: string): Date | null {
  return SECONDS.test(text.trim()) ? plausible(Math.round(Number(text) * 1000)) : null;
}

/**
 * Programs that do not know a time send 0. A time in the future would make the file newer than everything that follows,
 * and no `Last-Modified` may be one (RFC 9110 section 8.8.2.1).
 */
function plausible(milliseconds: number): Date | null {
  return milliseconds > DAY && milliseconds <= Date.now() ? new Date(milliseconds) : null;
}
