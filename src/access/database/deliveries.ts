// Reads the events that wait for hooks: when the server starts, because they are not part of the snapshot.

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

/** All deliveries that wait, oldest first. */
export function readDeliveries(database: Database): Delivery[] {
  return database
    .query<Delivery, []>("SELECT id, hook, event, attempts, due FROM deliveries ORDER BY due, id")
    .all();
}
