// The library: `createApp` and its types; the default export is a fetch handler that opens its root at the first request.

import { createApp } from "./app.ts";

export { type App, type AppOptions, createApp } from "./app.ts";
export { type Config, type Conflict, defaults, type Grant } from "./config.ts";
export type { Flow } from "./core/flow.ts";
export type { SavedFile } from "./core/upload.ts";
export { type ErrorEntry, Problem, type ProblemCode } from "./errors.ts";
export type { FilePath, FolderPath } from "./path.ts";
export { openDisk } from "./storage/disk/disk.ts";
export type { Storage } from "./storage/storage.ts";

let app: ReturnType<typeof createApp> | undefined;

/** Serves `./files` with the default grants. */
export default {
  async fetch(request: Request): Promise<Response> {
    app ??= createApp();
    return await (await app).handle(request);
  },
};
