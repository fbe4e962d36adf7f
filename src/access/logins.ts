// Checks logins: limits failures, takes the same time for accounts that do not exist, remembers the passwords of Basic.

import { Problem } from "../errors.ts";
import type { Access } from "./access.ts";
import { LONGEST_NAME } from "./account-name.ts";
import { ChangeRefused } from "./database/changes/refused.ts";
import type { Account } from "./database/snapshot.ts";
import { type Attempt, LoginLimiter } from "./login/limiter.ts";
import type { Oidc } from "./login/oidc.ts";
import type { PasskeyAssertion } from "./login/passkey-shapes.ts";
import { Passkeys, type RelyingParty } from "./login/passkeys.ts";
import { stepOfCode } from "./login/totp.ts";
import { BasicCache } from "./passwords/basic-cache.ts";
import { Passwords } from "./passwords/passwords.ts";
import { isOutdated } from "./passwords/stored-hash.ts";

export class Logins {
  readonly passwords = new Passwords();
  readonly limiter = new LoginLimiter();
  readonly passkeys = new Passkeys();
  readonly #basic = new BasicCache();

  /** @param provider the identity provider; null for none */
  constructor(
    readonly access: Access,
    readonly provider: Oidc | null = null,
  ) {}

  /**
   * The account with this name and password, and the code of its second factor if it has one.
   * @param client the address for which failures are counted; undefined when it is not known
   * @throws Problem wrong_login, code_required, too_many_logins, logins_busy
   */
  async check(name: string, password: string, client: string | undefined, code?: string): Promise<Account> {
    const { account, attempt } = await this.#firstFactor(name, password, client);
    if (account.totp !== null) await this.#secondFactor(account, account.totp, code, attempt);
    attempt.succeeded();
    return account;
  }

  /** Asks the person of a session for the password again. @throws Problem wrong_login, too_many_logins, logins_busy */
  async confirm({ name }: Account, password: string, client: string | undefined): Promise<void> {
    const { attempt } = await this.#firstFactor(name, password, client);
    attempt.succeeded();
  }

  /**
   * The account of a Basic header. A right password is remembered for a few minutes.
   * @returns at once when it is remembered
   * @throws Problem code_required for an account with a second factor; else as `check`
   */
  basic(name: string, password: string, client: string | undefined): Account | Promise<Account> {
    const account = this.#find(name);
    const key = this.#basic.keyOf(name, password, account);
    if (account && !account.disabled && this.#basic.knows(key)) return oneFactor(account);
    return this.#basic
      .check(key, async () => {
        const { account, attempt } = await this.#firstFactor(name, password, client);
        if (account.totp === null) attempt.succeeded();
        else attempt.withdrawn();
        return true;
      })
      .then(() => {
        const found = this.#find(name);
        if (!found || found.disabled) throw wrongLogin();
        return oneFactor(found);
      });
  }

  /** The account of a passkey, which replaces both factors. @throws Problem wrong_login, too_many_logins */
  async passkey(
    party: RelyingParty,
    response: PasskeyAssertion,
    client: string | undefined,
  ): Promise<Account> {
    const attempt = this.limiter.begin(client, undefined);
    const used = await this.passkeys.verify(party, response, (id) => {
      const passkey = this.access.snapshot.passkeys.find((one) => one.id === id);
      const holder = passkey && this.#find(passkey.account);
      return holder && { ...passkey, uid: holder.uid };
    });
    const account = this.#find(used.account);
    if (account?.uid !== used.uid || account.disabled) throw wrongLogin();
    if (used.counter > 0)
      await this.access.change("setPasskeyCounter", { id: used.id, counter: used.counter });
    attempt.succeeded();
    return account;
  }

  /**
   * Verifies the password of an account or a link. The attempt is a failure until it is told otherwise.
   * @param name for which failures are counted: that of the account, or `link:ID`
   * @throws Problem too_many_logins, logins_busy
   */
  async verify(
    client: string | undefined,
    name: string,
    password: string,
    hash: string | null | undefined,
  ): Promise<{ right: boolean; attempt: Attempt }> {
    const attempt = this.limiter.begin(client, name);
    try {
      return { right: await this.passwords.verify(password, hash), attempt };
    } catch (error) {
      attempt.withdrawn();
      throw error;
    }
  }

  close(): void {
    this.passwords.close();
  }

  /** The account of a right password, and its attempt, as `verify` begins it. @throws Problem wrong_login; else as `verify` */
  async #firstFactor(
    name: string,
    password: string,
    client: string | undefined,
  ): Promise<{ account: Account; attempt: Attempt }> {
    const before = this.#find(name);
    const hash = before?.password;
    const { right, attempt } = await this.verify(client, name.normalize("NFC"), password, hash);
    const account = this.#find(name);
    if (!right || !hash || !account || account.disabled) throw wrongLogin();
    // Another password was set, or another account has this name, since the hash was computed.
    if (account.uid !== before?.uid || account.epoch !== before.epoch) throw wrongLogin();
    if (isOutdated(hash)) void this.#renew(account, password, hash);
    return { account, attempt };
  }

  /** @throws Problem code_required, wrong_login */
  async #secondFactor(account: Account, totp: string, code: string | undefined, attempt: Attempt) {
    if (code === undefined) {
      attempt.withdrawn();
      throw new Problem("code_required", "Send the six digits of your authenticator app, too, as `code`.");
    }
    const { name, totpStep } = account;
    const step = stepOfCode(totp, code, totpStep, this.access.now());
    const wrong = new Problem(
      "wrong_login",
      "The code is wrong, has expired, or was used. Send the next one.",
    );
    if (step === undefined) throw wrong;
    await this.access.change("useTotpStep", { name, step }).catch((error) => {
      // Another login was faster with the same code.
      throw error instanceof ChangeRefused ? wrong : error;
    });
  }

  /** Replaces the hash of another program, whose cost would tell that the account exists. */
  async #renew({ name }: Account, password: string, hash: string): Promise<void> {
    try {
      await this.access.change("renewHash", { name, from: hash, to: await this.passwords.hash(password) });
    } catch (error) {
      // The next login tries again.
      this.access.options.warn?.(`The hash of ${name}'s password was not renewed: ${error}`);
    }
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

/**
 * For `catch` of a change that needs what a login has proved: it may be changed meanwhile.
 * @throws Problem wrong_login instead of ChangeRefused
 */
export function asWrongLogin(error: unknown): never {
  throw error instanceof ChangeRefused ? wrongLogin() : error;
}
