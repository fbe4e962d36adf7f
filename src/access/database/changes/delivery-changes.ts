// Changes of the queue of hooks. Each is a function of an open database, and one transaction.

import type { Database } from "bun:sqlite";

/** An event on its way to a hook. */
export interface Delivery {
  /** Sent as `webhook-id`: the same for every attempt. */
  id: string;
  hook: string;
  /** JSON. */
  event: string;
  attempts: number;
  /** When it is tried next, in milliseconds since 1970. */
  due: number;
}

/** Deliveries that may wait; later ones are dropped. */
export const MOST_DELIVERIES = 10_000;

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

/** All deliveries that wait, oldest first. */
export function readDeliveries(database: Database): Delivery[] {
  return database
    .query<Delivery, []>("SELECT id, hook, event, attempts, due FROM deliveries ORDER BY due, id")
    .all();
}
