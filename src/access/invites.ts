// Invites: secrets by which a person sets the password of an account, once.

import type { NewSecret } from "./database/changes/secret-changes.ts";
import { digestOf, newId, newSecret } from "./secrets.ts";

/** Seconds. */
export const INVITE_LIFETIME = 3 * 24 * 3600;

/** A new invite: the change that keeps it, and its text, which is shown once. @param expires milliseconds since 1970 */
export function newInvite(account: string, expires: number | null): { secret: NewSecret; token: string } {
  const token = newSecret();
  return { token, secret: { digest: digestOf(token), id: newId(), kind: "invite", account, expires } };
}
