// The events that hooks are told of, and how their delivery ends.

import type { Hook } from "../access/database/snapshot.ts";
import { newId } from "../access/secrets.ts";
import { checkFolderPath, isWithin } from "../path.ts";

/** `upload.before` asks whether an upload may begin; all others have happened. */
export const EVENTS = [
  "upload.before",
  "upload.saved",
  "entry.moved",
  "entry.copied",
  "entry.deleted",
  "folder.made",
  "link.used",
] as const;
export type EventType = (typeof EVENTS)[number];

/** The asker, as hooks and the audit log name it. */
export interface Actor {
  /** The account; null for anyone. */
  account: string | null;
  /** `session`, `password`, `token`, `proxy`, `link` or `anyone`. */
  via: string;
  /** The id of a link or token. */
  credential: string | null;
  address: string | null;
}

/** An event, as webhooks send it below `data` and commands receive it as JSON on standard input. */
export interface HookEvent {
  type: EventType;
  /** The path below the root. */
  path: string;
  /** The new path, of `entry.moved` and `entry.copied`. */
  to?: string;
  /** Bytes; of `upload.before` the announced ones, null when unknown. */
  size?: number | null;
  by: Actor;
  /** When it happened, such as `2026-01-01T00:00:00.000Z`. */
  time: string;
  /** The id of the request, as in the log; null for work of the server. */
  request: string | null;
}

/** How an attempt ended. `again`: try later. `gone`: the receiver wants no more events. `refused`: not this one. */
export type DeliveryResult = { end: "done" | "again" | "gone" | "refused"; reason: string };

/** The hooks that want to know of an event. */
export function hooksFor(hooks: readonly Hook[], event: HookEvent): Hook[] {
  return hooks.filter(
    (hook) =>
      hook.events.includes(event.type) &&
      [event.path, event.to].some((path) => path !== undefined && isWithin(checkFolderPath(path), hook.path)),
  );
}

/** An id for `webhook-id`: the same for every attempt of one delivery. */
export function newDeliveryId(): string {
  return `msg_${newId()}${newId()}`;
}
