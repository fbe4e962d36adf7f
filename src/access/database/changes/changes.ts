// The table of changes by name: commands call them directly, the server through its writer thread.

import type { Database } from "bun:sqlite";
import { messageOf } from "../../../system/errno.ts";
import * as accounts from "./account-changes.ts";
import * as grants from "./grant-changes.ts";
import * as hooks from "./hook-changes.ts";
import * as identities from "./identity-changes.ts";
import * as invites from "./invite-changes.ts";
import * as links from "./link-changes.ts";
import * as passkeys from "./passkey-changes.ts";
import * as quotas from "./quota-changes.ts";
import { ChangeRefused } from "./refused.ts";
import * as secrets from "./secret-changes.ts";

export const CHANGES = {
  ...accounts,
  ...grants,
  ...hooks,
  ...identities,
  ...invites,
  ...links,
  ...passkeys,
  ...quotas,
  ...secrets,
};

export type ChangeName = keyof typeof CHANGES;
export type ChangeArguments<Name extends ChangeName> = Parameters<(typeof CHANGES)[Name]>[1];
export type ChangeResult<Name extends ChangeName> = ReturnType<(typeof CHANGES)[Name]>;

/** A change as it is sent to the writer thread. */
export interface ChangeMessage {
  name: ChangeName;
  arguments: unknown;
}

/** The result of a change, or why it failed. */
export type ChangeOutcome =
  | { result: unknown }
  | { refused: { code: ChangeRefused["code"]; message: string } }
  | { failed: string };

/** Makes a change by name. @throws ChangeRefused; errors of SQLite */
export function makeChange<Name extends ChangeName>(
  database: Database,
  name: Name,
  given: unknown,
): ChangeResult<Name> {
  const make: (database: Database, given: never) => unknown = CHANGES[name];
  return Reflect.apply(make, undefined, [database, given]);
}

/** Makes a change that was sent to the writer thread. Never throws. */
export function runChange(database: Database, { name, arguments: given }: ChangeMessage): ChangeOutcome {
  try {
    return { result: makeChange(database, name, given) };
  } catch (error) {
    if (error instanceof ChangeRefused) return { refused: { code: error.code, message: error.message } };
    return { failed: messageOf(error) };
  }
}
