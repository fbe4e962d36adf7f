// Changes of hooks, and of the events that wait for them. Each is a function of an open database, and one transaction.

import type { Database } from "bun:sqlite";
import { newId } from "../../secrets.ts";
import type { Delivery } from "../deliveries.ts";
import type { Hook } from "../snapshot.ts";

/** Deliveries that may wait; later ones are dropped. */
const MOST_DELIVERIES = 10_000;

/** Adds deliveries, except to hooks that were removed. @returns how many were dropped, because too many wait */
export function addDeliveries(
  database: Database,
  { deliveries }: { deliveries: readonly Delivery[] },
): number {
  return database
    .transaction(() => {
      const waiting = database.query<{ count: number }, []>("SELECT count(*) AS count FROM deliveries").get();
      const room = Math.max(0, MOST_DELIVERIES - (waiting?.count ?? 0));
      for (const { id, hook, event, attempts, due } of deliveries.slice(0, room))
        database.run(
          "INSERT INTO deliveries (id, hook, event, attempts, due) SELECT ?, id, ?, ?, ? FROM hooks WHERE id = ?",
          [id, event, attempts, due, hook],
        );
      return Math.max(0, deliveries.length - room);
    })
    .immediate();
}

/** Records a failed attempt. */
export function retryDelivery(
  database: Database,
  { id, attempts, due }: Omit<Delivery, "hook" | "event">,
): void {
  database.run("UPDATE deliveries SET attempts = ?, due = ? WHERE id = ?", [attempts, due, id]);
}

/** Forgets a delivery that succeeded, or failed for good. */
export function endDelivery(database: Database, { id }: { id: string }): void {
  database.run("DELETE FROM deliveries WHERE id = ?", [id]);
}

/** @returns the id of the hook */
export function addHook(database: Database, hook: Omit<Hook, "id" | "created">): string {
  const id = newId();
  const { events, path, kind, target, secret, timeout } = hook;
  database.run(
    "INSERT INTO hooks (id, events, path, kind, target, secret, timeout, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    [id, events.join(","), path, kind, target, secret, timeout, Date.now()],
  );
  return id;
}

/** @returns whether it existed */
export function removeHook(database: Database, { id }: { id: string }): boolean {
  return database.run("DELETE FROM hooks WHERE id = ?", [id]).changes > 0;
}
