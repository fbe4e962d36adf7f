// Turns what the log observes into events of hooks and lines of the audit log.

import type { AuditEntry, AuditLog } from "../access/audit/audit-log.ts";
import { withoutSeals } from "../access/links/token.ts";
import type { SavedFile } from "../core/upload/saved-file.ts";
import type { Problem } from "../errors.ts";
import type { Actor, EventType, HookEvent } from "../hooks/event.ts";
import type { Hooks } from "../hooks/hooks.ts";
import { targetOf } from "../http/target.ts";
import type { Change, Download, Observer } from "./log.ts";
import { requestInfoOf } from "./request-info.ts";

/** Events of changes; those that are missing here are for the audit log only. */
const EVENT_OF: Partial<Record<Change["did"], EventType>> = {
  made: "folder.made",
  moved: "entry.moved",
  copied: "entry.copied",
  removed: "entry.deleted",
  "put into the trash": "entry.deleted",
};

/** Refusals that the audit log has lines for. */
const AUDITED: ReadonlySet<number> = new Set([401, 403, 410, 421, 429]);
/** Characters of a URL in the line of a refusal: long ones must not fill the files. */
const LONGEST_PATH = 256;

export class EventObserver implements Observer {
  constructor(
    readonly hooks: Hooks,
    /** Null when nothing is audited. */
    readonly audit: () => AuditLog | null,
  ) {}

  saved(request: Request | null, { path, size, repeated }: SavedFile): void {
    if (repeated) return;
    this.hooks.emit(eventOf("upload.saved", request, { path, size }));
    this.#audit(request, { did: "saved", path, result: "ok" });
  }

  sent(request: Request, { path, ending }: Download): void {
    this.#audit(request, { did: "downloaded", path, result: ending === "sent" ? "ok" : ending });
  }

  changed(request: Request, { did, path, to }: Change): void {
    const type = EVENT_OF[did];
    const where = { path, ...(to !== undefined && { to }) };
    if (type !== undefined) this.hooks.emit(eventOf(type, request, where));
    this.#audit(request, { did, ...where, result: "ok" });
  }

  problem(request: Request, { status, code }: Problem): void {
    if (AUDITED.has(status))
      this.audit()?.addRefusal(
        entryOf(request, { did: request.method, path: pathOf(request), result: code }),
      );
  }

  answered(): void {}

  #audit(request: Request | null, entry: AuditedEvent): void {
    this.audit()?.add(entryOf(request, entry));
  }
}

/** The path of a URL as it was sent, without the seals of links: a refusal may have come before any path was understood. */
function pathOf(request: Request): string {
  return withoutSeals(targetOf(request).path).slice(0, LONGEST_PATH);
}

type AuditedEvent = Pick<AuditEntry, "did" | "path" | "to" | "result">;

function entryOf(request: Request | null, event: AuditedEvent): AuditEntry {
  const { account, via, credential, address } = actorOf(request);
  return {
    time: new Date().toISOString(),
    who: account,
    via,
    ...(credential !== null && { credential }),
    address,
    ...event,
    request: (request && requestInfoOf(request)?.id) ?? null,
  };
}

/** An event of a request; null for work of the server itself. */
export function eventOf(
  type: EventType,
  request: Request | null,
  more: Pick<HookEvent, "path" | "to" | "size">,
): HookEvent {
  return {
    type,
    ...more,
    by: actorOf(request),
    time: new Date().toISOString(),
    request: (request && requestInfoOf(request)?.id) ?? null,
  };
}

function actorOf(request: Request | null): Actor {
  const info = request ? requestInfoOf(request) : undefined;
  const asker = info?.asker;
  return {
    account: asker?.account ?? null,
    via: asker?.via ?? "anyone",
    credential: asker?.credential ?? null,
    address: info?.address ?? null,
  };
}
