// The library: `createApp` and its types; the default export is a fetch handler that opens its root at the first request.

import type { Server } from "bun";
import { createApp, serveOptions } from "./app.ts";
import { defaults } from "./config/config.ts";

export { type App, type AppOptions, createApp } from "./app.ts";
export { type Config, type Conflict, defaults, type Grant } from "./config/config.ts";
export type { FlowReport as Flow } from "./core/report/flow-report.ts";
export type { SavedFile } from "./core/upload/saved-file.ts";
export { type ErrorEntry, Problem, type ProblemCode } from "./errors.ts";
export type { FilePath, FolderPath } from "./path.ts";
export { openDisk } from "./storage/disk/disk.ts";
export type { Storage } from "./storage/storage.ts";

let opening: ReturnType<typeof createApp> | undefined;

/** What `bun src/index.ts` serves: `./files` with the default grants, for this machine only. */
export default {
  ...serveOptions(defaults),
  port: defaults.port,
  async fetch(request: Request, server: Server<unknown> | null = null): Promise<Response> {
    // A root that could not be opened is tried again by the next request.
    opening ??= createApp().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    const app = await opening;
    app.server ??= server;
    return await app.handle(request);
  },
};
