// Changes of identities, the persons of an identity provider. Each is a function of an open database, and one transaction.

import type { Database } from "bun:sqlite";
import type { Identity } from "../snapshot.ts";
import { addAccount } from "./account-changes.ts";
import { ChangeRefused } from "./refused.ts";

/**
 * Connects an identity with an account that nobody can log in to yet and that is no owner, or with a new one without grants.
 * @throws ChangeRefused exists, when somebody can log in to the account
 */
export function connectIdentity(
  database: Database,
  { issuer, subject, account, isNew }: Identity & { isNew: boolean },
): void {
  database
    .transaction(() => {
      if (isNew) addAccount(database, { name: account, password: null, owner: false });
      const free = database
        .query(
          `SELECT 1 FROM accounts WHERE name = ?1 AND password IS NULL AND owner = 0
           AND NOT EXISTS (SELECT 1 FROM passkeys WHERE account = ?1)
           AND NOT EXISTS (SELECT 1 FROM identities WHERE account = ?1)`,
        )
        .get(account);
      if (!free) throw new ChangeRefused("exists", `Somebody can log in to the account ${account} already.`);
      database.run("INSERT INTO identities (issuer, subject, account) VALUES (?, ?, ?)", [
        issuer,
        subject,
        account,
      ]);
    })
    .immediate();
}
