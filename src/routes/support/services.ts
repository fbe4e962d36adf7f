// What every route is given: the engine, the storage and the options, made once in app.ts.

import type { Config } from "../../config/config.ts";
import type { Events } from "../../core/live/event-feed.ts";
import type { Uploads } from "../../core/resumable/registry.ts";
import type { Jobs } from "../../core/tree/copy-jobs.ts";
import type { Trash } from "../../core/tree/trash.ts";
import type { Engine } from "../../core/upload/uploader.ts";
import type { Log } from "../../plugins/log.ts";
import type { Storage } from "../../storage/storage.ts";

export interface Services {
  config: Config;
  engine: Engine;
  uploads: Uploads;
  events: Events;
  jobs: Jobs;
  /** `null` without --trash. */
  trash: Trash | null;
  storage: Storage;
  log: Log;
}
