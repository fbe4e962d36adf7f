// The change of quotas. It is a function of an open database, and one statement.

import type { Database } from "bun:sqlite";

/** @param bytes null removes the quota */
export function setQuota(database: Database, { path, bytes }: { path: string; bytes: number | null }): void {
  if (bytes === null) database.run("DELETE FROM quotas WHERE path = ?", [path]);
  else
    database.run(
      "INSERT INTO quotas (path, bytes) VALUES (?, ?) ON CONFLICT DO UPDATE SET bytes = excluded.bytes",
      [path, bytes],
    );
}
