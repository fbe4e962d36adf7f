// The account of a person who comes from an identity provider.

import { Problem } from "../../errors.ts";
import type { Access } from "../access.ts";
import { nameFault } from "../account-name.ts";
import { ChangeRefused } from "../database/changes/refused.ts";
import type { Account } from "../database/snapshot.ts";
import { wrongLogin } from "../logins.ts";
import { accountOf, type ProviderIdentity } from "./oidc-claims.ts";

/**
 * The account of an identity, which is connected with it if it was declared, or made without grants if `mayAdd`.
 * @throws Problem account_exists, not_allowed, wrong_login for a disabled account, storage_failed
 */
export async function providerAccount(
  access: Access,
  identity: ProviderIdentity,
  mayAdd: boolean,
): Promise<Account> {
  const { issuer, subject } = identity;
  const { accounts, identities, passkeys } = access.snapshot;
  const used = new Set([...identities, ...passkeys].map(({ account }) => account));
  const { name, origin } = accountOf(identity, {
    connected: identities.find((one) => one.issuer === issuer && one.subject === subject)?.account,
    accounts,
    // Names at a provider may be chosen: nobody becomes an owner by one.
    isFree: (account: Account) => account.password === null && !account.owner && !used.has(account.name),
    isName: (text) => nameFault(text) === undefined,
    mayAdd,
  });
  if (origin !== "connected")
    await access
      .change("connectIdentity", { issuer, subject, account: name, isNew: origin === "new" })
      .catch((error) => {
        // Another login was faster.
        throw error instanceof ChangeRefused
          ? new Problem("account_exists", "Your account has just been made. Log in again.")
          : error;
      });
  const account = access.snapshot.accounts.get(name);
  if (!account || account.disabled) throw wrongLogin();
  return account;
}
