// Changes of accounts, their teams and their secrets. Each is a function of an open database, and one transaction.

import type { Database } from "bun:sqlite";
import { newId } from "../../secrets.ts";
import { missingAccount, requireAccount } from "./known-account.ts";
import { ChangeRefused } from "./refused.ts";

export interface NewAccount {
  name: string;
  /** A hash; null while nobody can log in with a password. */
  password: string | null;
  owner: boolean;
  teams?: readonly string[];
}

/** @throws ChangeRefused exists */
export function addAccount(database: Database, { name, password, owner, teams = [] }: NewAccount): void {
  database
    .transaction(() => {
      const done = database.run(
        "INSERT INTO accounts (name, uid, password, owner, created) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [name, `${newId()}${newId()}`, password, owner ? 1 : 0, Date.now()],
      );
      if (done.changes === 0) throw new ChangeRefused("exists", `There is an account ${name} already.`);
      for (const team of teams)
        database.run("INSERT INTO members (team, account) VALUES (?, ?)", [team, name]);
      // From the first account on, the server is closed to anyone by default, also when all accounts are removed again.
      database.run("INSERT INTO keys (name, value) VALUES ('closed', x'01') ON CONFLICT DO NOTHING");
    })
    .immediate();
}

/**
 * Sets a password, and ends every session and token of the account.
 * @param keep the id of a secret that survives
 * @throws ChangeRefused missing
 */
export function setPassword(
  database: Database,
  { name, password, keep }: { name: string; password: string; keep?: string },
): void {
  database
    .transaction(() => {
      change(database, name, "UPDATE accounts SET password = ?, epoch = epoch + 1 WHERE name = ?", password);
      database.run("DELETE FROM secrets WHERE account = ? AND id <> ?", [name, keep ?? ""]);
    })
    .immediate();
}

/** Replaces a hash by another one of the same password, unless the password was changed in the meantime. */
export function renewHash(
  database: Database,
  { name, from, to }: { name: string; from: string; to: string },
): void {
  database.run("UPDATE accounts SET password = ? WHERE name = ? AND password = ?", [to, name, from]);
}

/** Ends every session of a disabled account; its tokens and links come back with it. @throws ChangeRefused missing, last_owner */
export function setDisabled(
  database: Database,
  { name, disabled }: { name: string; disabled: boolean },
): void {
  keepingAnOwner(database, name, () => {
    change(
      database,
      name,
      "UPDATE accounts SET disabled = ?, epoch = epoch + 1 WHERE name = ?",
      disabled ? 1 : 0,
    );
    if (disabled)
      database.run("DELETE FROM secrets WHERE account = ? AND kind IN ('session', 'invite')", [name]);
  });
}

/** @throws ChangeRefused missing, last_owner */
export function setOwner(database: Database, { name, owner }: { name: string; owner: boolean }): void {
  keepingAnOwner(database, name, () => {
    change(database, name, "UPDATE accounts SET owner = ? WHERE name = ?", owner ? 1 : 0);
  });
}

/** Makes several changes of an account as one. @throws ChangeRefused missing, last_owner */
export function changeAccount(
  database: Database,
  given: {
    name: string;
    owner?: boolean;
    disabled?: boolean;
    teams?: readonly string[];
    rate?: number | null;
  },
): void {
  const { name, owner, disabled, teams, rate } = given;
  database
    .transaction(() => {
      requireAccount(database, name);
      if (owner !== undefined) setOwner(database, { name, owner });
      if (disabled !== undefined) setDisabled(database, { name, disabled });
      if (teams !== undefined) setTeams(database, { name, teams });
      if (rate !== undefined) setRate(database, { name, rate });
    })
    .immediate();
}

/** @param rate bytes per second; null for no cap. @throws ChangeRefused missing */
export function setRate(database: Database, { name, rate }: { name: string; rate: number | null }): void {
  change(database, name, "UPDATE accounts SET rate = ? WHERE name = ?", rate);
}

/** Replaces the teams of an account. @throws ChangeRefused missing */
export function setTeams(
  database: Database,
  { name, teams }: { name: string; teams: readonly string[] },
): void {
  database
    .transaction(() => {
      requireAccount(database, name);
      database.run("DELETE FROM members WHERE account = ?", [name]);
      for (const team of teams)
        database.run("INSERT INTO members (team, account) VALUES (?, ?)", [team, name]);
    })
    .immediate();
}

/** @param totp the shared secret in base32; null removes the second factor. @throws ChangeRefused missing */
export function setTotp(database: Database, { name, totp }: { name: string; totp: string | null }): void {
  change(
    database,
    name,
    "UPDATE accounts SET totp = ?, totp_step = 0, epoch = epoch + 1 WHERE name = ?",
    totp,
  );
}

/** Spends a step of the second factor. @throws ChangeRefused used, when this step or a later one was used before */
export function useTotpStep(database: Database, { name, step }: { name: string; step: number }): void {
  const done = database.run("UPDATE accounts SET totp_step = ? WHERE name = ? AND totp_step < ?", [
    step,
    name,
    step,
  ]);
  if (done.changes === 0) throw new ChangeRefused("used", "This code was used before.");
}

/** Removes the account with its grants, teams, secrets, passkeys and links. @throws ChangeRefused missing, last_owner */
export function removeAccount(database: Database, { name }: { name: string }): void {
  keepingAnOwner(database, name, () => {
    requireAccount(database, name);
    database.run("DELETE FROM grants WHERE subject = ?", [name]);
    database.run("DELETE FROM accounts WHERE name = ?", [name]);
  });
}

function change(database: Database, name: string, sql: string, value: string | number | null): void {
  if (database.run(sql, [value, name]).changes === 0) throw missingAccount(database, name);
}

/**
 * Changes an account in one transaction. It is refused when it takes away the last enabled owner while there are accounts: nobody
 * could manage them over HTTP any more.
 * @throws ChangeRefused last_owner
 */
function keepingAnOwner(database: Database, name: string, step: () => void): void {
  database
    .transaction(() => {
      const wasOwner = database.query("SELECT 1 FROM accounts WHERE name = ? AND owner = 1").get(name);
      step();
      if (!wasOwner) return;
      const left = database.query("SELECT 1 FROM accounts WHERE owner = 1 AND disabled = 0").get();
      const others = database.query("SELECT 1 FROM accounts").get();
      if (!left && others)
        throw new ChangeRefused(
          "last_owner",
          `The account ${name} is the last owner: make another account an owner first.`,
        );
    })
    .immediate();
}
