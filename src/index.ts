// The library: `createApp` and its types. The default export is a fetch handler that opens its root on the first request.

import type { Server } from "bun";
import { createApp, serveOptions } from "./app.ts";
import { defaults } from "./config/options.ts";

export { type App, type AppOptions, createApp } from "./app.ts";
export type { Config, Conflict, Grant } from "./config/config.ts";
export { defaults } from "./config/options.ts";
export type { FlowReport as Flow } from "./core/report/flow-report.ts";
export type { SavedFile } from "./core/upload/saved-file.ts";
export { type ErrorEntry, Problem, type ProblemCode } from "./errors.ts";
export type { FilePath, FolderPath } from "./path.ts";
export { openDisk } from "./storage/disk/disk.ts";
export type { Storage } from "./storage/storage.ts";

let opening: ReturnType<typeof createApp> | undefined;

/** For `bun src/index.ts`: serves `./files` on the loopback address with the default grants. */
export default {
  ...serveOptions(defaults),
  port: defaults.port,
  async fetch(request: Request, server: Server<unknown> | null = null): Promise<Response> {
    // If the root cannot be opened, the next request tries again.
    opening ??= createApp().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    const app = await opening;
    app.server ??= server;
    return await app.handle(request);
  },
};
