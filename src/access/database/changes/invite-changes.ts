// Changes that let a person in for the first time, or again: invites, resets, and the first owner. Each is one transaction.

import type { Database } from "bun:sqlite";
import { addAccount, type NewAccount, setTotp } from "./account-changes.ts";
import { requireAccount } from "./known-account.ts";
import { ChangeRefused } from "./refused.ts";
import { addSecret, type NewSecret } from "./secret-changes.ts";

/** Adds an account without a password, and its invite. @throws ChangeRefused exists */
export function inviteAccount(
  database: Database,
  { account, secret }: { account: Omit<NewAccount, "password">; secret: NewSecret },
): void {
  database
    .transaction(() => {
      addAccount(database, { ...account, password: null });
      addSecret(database, secret);
    })
    .immediate();
}

/**
 * Adds an invite for an account that exists. The old password works until the invite is used.
 * @param secondFactor also removes the second factor and the passkeys
 * @throws ChangeRefused missing
 */
export function resetAccount(
  database: Database,
  { secret, secondFactor }: { secret: NewSecret; secondFactor: boolean },
): void {
  const name = secret.account ?? "";
  database
    .transaction(() => {
      requireAccount(database, name);
      if (secondFactor) removeSecondFactor(database, { name });
      addSecret(database, secret);
    })
    .immediate();
}

/** Removes the second factor and every passkey. @throws ChangeRefused missing */
export function removeSecondFactor(database: Database, { name }: { name: string }): void {
  database
    .transaction(() => {
      setTotp(database, { name, totp: null });
      database.run("DELETE FROM passkeys WHERE account = ?", [name]);
    })
    .immediate();
}

/** Adds the first account, an owner. @throws ChangeRefused exists, when there is, or was, an account */
export function addFirstOwner(
  database: Database,
  { name, password }: { name: string; password: string },
): void {
  database
    .transaction(() => {
      if (database.query("SELECT 1 FROM keys WHERE name = 'closed'").get())
        throw new ChangeRefused("exists", "There is an account already.");
      addAccount(database, { name, password, owner: true });
    })
    .immediate();
}
