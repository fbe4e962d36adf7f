// The server that resumable uploads are compared with: @tus/server with its own file store, on Bun.
// usage: bun tus-server.ts FOLDER [PORT] [PATH] [MAX_SIZE]

import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";

const A_DAY = 86_400_000;
const [directory = ".", port = "0", path = "/files", maxSize] = process.argv.slice(2);
const datastore = new FileStore({ directory, expirationPeriodInMilliseconds: A_DAY });
const tus = new Server({ path, datastore, ...(maxSize !== undefined && { maxSize: Number(maxSize) }) });

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  development: false,
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  routes: { "/health": () => Response.json({ status: "ok" }) },
  fetch: (request) => tus.handleWeb(request),
});

console.log(`@tus/server is listening on ${server.url.origin}`);
