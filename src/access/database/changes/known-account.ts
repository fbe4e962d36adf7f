// Refuses a change whose account does not exist.

import type { Database } from "bun:sqlite";
import { ChangeRefused } from "./refused.ts";

/** @throws ChangeRefused missing */
export function requireAccount(database: Database, name: string): void {
  if (!database.query("SELECT 1 FROM accounts WHERE name = ?").get(name))
    throw missingAccount(database, name);
}

/** The refusal of a name that no account has: it names the accounts that exist, at most ten. */
export function missingAccount(database: Database, name: string): ChangeRefused {
  const names = database
    .query<{ name: string }, []>("SELECT name FROM accounts ORDER BY name LIMIT 11")
    .all();
  const listed = names.slice(0, 10).map((row) => row.name);
  const some =
    listed.length === 0
      ? "There are no accounts yet."
      : `Accounts: ${listed.join(", ")}${names.length > 10 ? ", …" : ""}.`;
  return new ChangeRefused("missing", `There is no account ${JSON.stringify(name)}. ${some}`);
}
