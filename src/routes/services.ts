// What every route is given: the engine, the storage and the options, made once in app.ts.

import type { Config } from "../config.ts";
import type { Engine } from "../core/engine.ts";
import type { Events } from "../core/events.ts";
import type { Jobs } from "../core/jobs.ts";
import type { Trash } from "../core/trash.ts";
import type { Uploads } from "../core/uploads.ts";
import type { Log } from "../plugins/log.ts";
import type { Storage } from "../storage/storage.ts";

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
