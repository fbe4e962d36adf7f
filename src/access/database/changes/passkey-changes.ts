// Changes of passkeys. Each is a function of an open database, and one statement.

import type { Database } from "bun:sqlite";
import type { Passkey } from "../snapshot.ts";
import { ChangeRefused } from "./refused.ts";

/** @throws ChangeRefused exists */
export function addPasskey(database: Database, passkey: Omit<Passkey, "created">): void {
  const { id, account, name, publicKey, counter, transports } = passkey;
  const done = database.run(
    "INSERT INTO passkeys (id, account, name, public_key, counter, transports, created) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    [id, account, name, publicKey, counter, transports, Date.now()],
  );
  if (done.changes === 0) throw new ChangeRefused("exists", "This passkey is registered already.");
}

/** Records the use of a passkey. */
export function setPasskeyCounter(
  database: Database,
  { id, counter }: { id: string; counter: number },
): void {
  database.run("UPDATE passkeys SET counter = ? WHERE id = ? AND counter <= ?", [counter, id, counter]);
}

/** @returns whether it existed */
export function removePasskey(database: Database, { id, account }: { id: string; account: string }): boolean {
  return database.run("DELETE FROM passkeys WHERE id = ? AND account = ?", [id, account]).changes > 0;
}
