// The account of a person whom a trusted proxy has logged in.

import { Problem } from "../../errors.ts";
import type { Access } from "../access.ts";
import { nameFault } from "../account-name.ts";
import { ChangeRefused } from "../database/changes/refused.ts";
import type { Account } from "../database/snapshot.ts";
import { wrongLogin } from "../logins.ts";

/** The account with this name, which is made without grants if there is none. @throws Problem not_allowed for a name that no account can have */
export async function proxyAccount(access: Access, name: string): Promise<Account> {
  const fault = nameFault(name);
  if (fault !== undefined)
    throw new Problem("not_allowed", `The proxy sent a name that no account can have. ${fault}`);
  await access.change("addAccount", { name, password: null, owner: false }).catch((error: unknown) => {
    // A request at the same time was faster.
    if (!(error instanceof ChangeRefused)) throw error;
  });
  const account = access.snapshot.accounts.get(name);
  if (!account) throw wrongLogin();
  return account;
}
