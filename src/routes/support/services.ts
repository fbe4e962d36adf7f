// The services that every route receives, created once in app.ts.

import type { Access } from "../../access/access.ts";
import type { AuditLog } from "../../access/audit/audit-log.ts";
import type { Links } from "../../access/links/links.ts";
import type { Logins } from "../../access/logins.ts";
import type { Setup } from "../../access/setup.ts";
import type { Config } from "../../config/config.ts";
import type { Caps } from "../../core/admission/caps.ts";
import type { Archives } from "../../core/archive/archive.ts";
import type { EventFeed } from "../../core/live/event-feed.ts";
import type { UploadRegistry } from "../../core/resumable/registry.ts";
import type { CopyJobs } from "../../core/tree/copy-jobs.ts";
import type { TrashCan } from "../../core/tree/trash.ts";
import type { Uploader } from "../../core/upload/uploader.ts";
import type { Hooks } from "../../hooks/hooks.ts";
import type { Log } from "../../plugins/log.ts";
import type { Gauges } from "../../plugins/metrics/gauges.ts";
import type { Storage } from "../../storage/storage.ts";
import type { Pacing } from "./connection/pacing.ts";
import type { Deliveries } from "./delivery.ts";

export interface Services {
  config: Config;
  caps: Caps;
  /** Accounts and their permissions. */
  access: Access;
  logins: Logins;
  /** For the first owner, with `--setup` and without accounts. */
  setup: Setup | null;
  links: Links;
  hooks: Hooks;
  /** Null without a database of accounts. */
  audit: AuditLog | null;
  archives: Archives;
  deliveries: Deliveries;
  pacing: Pacing;
  uploader: Uploader;
  uploads: UploadRegistry;
  events: EventFeed;
  jobs: CopyJobs;
  /** `null` without --trash. */
  trash: TrashCan | null;
  storage: Storage;
  gauges: Gauges;
  log: Log;
  /** Waits for running uploads, then closes everything above, the storage only if the app opened it. Idempotent. */
  close: () => Promise<void>;
}
