// Checks names and passwords: limits failures, takes the same time for accounts that do not exist, remembers those of Basic.

import { Problem } from "../errors.ts";
import type { Access } from "./access.ts";
import type { Account } from "./database/snapshot.ts";
import { BasicCache } from "./passwords/basic-cache.ts";
import { Passwords } from "./passwords/passwords.ts";

/** Characters of a name that is looked up; no account has a longer one. */
const LONGEST_NAME = 64;

export class Logins {
  readonly passwords = new Passwords();
  readonly #basic = new BasicCache();

  constructor(readonly access: Access) {}

  /**
   * The account with this name and password.
   * @param client the address that failures are counted for; undefined when it is not known
   * @throws Problem wrong_login, too_many_logins, logins_busy
   */
  async check(name: string, password: string, _client: string | undefined): Promise<Account> {
    const account = this.#find(name);
    const right = await this.passwords.verify(password, account?.password);
    if (!right || !account || account.disabled) throw wrongLogin();
    return account;
  }

  /**
   * The account of a Basic header. A right password is remembered for a few minutes.
   * @returns at once when it is remembered
   * @throws Problem code_required for an account with a second factor; else as `check`
   */
  basic(name: string, password: string, client: string | undefined): Account | Promise<Account> {
    const account = this.#find(name);
    const key = this.#basic.keyOf(name, password, account?.epoch ?? 0);
    if (account && !account.disabled && this.#basic.knows(key)) return oneFactor(account);
    return this.#basic
      .check(key, () => this.check(name, password, client).then(() => true))
      .then(() => this.#find(name))
      .then((found) => {
        if (!found || found.disabled) throw wrongLogin();
        return oneFactor(found);
      });
  }

  close(): void {
    this.passwords.close();
  }

  #find(name: string): Account | undefined {
    return name.length > LONGEST_NAME ? undefined : this.access.snapshot.accounts.get(name.normalize("NFC"));
  }
}

/** A password alone is not enough for an account with a second factor. @throws Problem code_required */
function oneFactor(account: Account): Account {
  if (account.totp === null) return account;
  throw new Problem(
    "code_required",
    "This account has a second factor. Send a token instead of the password: `sluice token add`.",
  );
}

/** The same for a name that does not exist, a wrong password and a disabled account. */
export function wrongLogin(): Problem {
  return new Problem("wrong_login", "The name or the password is wrong.");
}
